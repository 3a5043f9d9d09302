// Completes names of facts where a rule is written: a list below the field, taken with Tab, Enter or a press.
const form = document.querySelector<HTMLElement>('[data-editor]')
const names = JSON.parse(form?.dataset['facts'] ?? '[]') as string[]
const shownMax = 8

for (const field of form?.querySelectorAll<HTMLTextAreaElement>('textarea[name=when]') ?? []) complete(field)

function complete(field: HTMLTextAreaElement): void {
  const list = document.createElement('ul')
  list.className = 'completion'
  list.id = `${field.id}-names`
  list.setAttribute('role', 'listbox')
  list.setAttribute('aria-label', field.labels[0]?.textContent ?? '')
  list.hidden = true
  field.after(list)
  field.setAttribute('aria-controls', list.id)
  field.setAttribute('aria-autocomplete', 'list')
  let chosen = 0

  const word = (): string =>
    /(?<![A-Za-z0-9])[A-Za-z][A-Za-z0-9]*(?:\.[A-Za-z0-9]*)?$/.exec(field.value.slice(0, field.selectionStart))?.[0] ??
    ''
  const take = (name: string): void => {
    const start = field.selectionStart - word().length
    field.setRangeText(name, start, field.selectionStart, 'end')
    list.hidden = true
    field.focus()
  }
  const show = (): void => {
    const begun = word().toLowerCase()
    const found =
      begun.length < 2
        ? []
        : names.filter((name) => name.toLowerCase().includes(begun) && name !== word()).slice(0, shownMax)
    list.replaceChildren(
      ...found.map((name, i) => {
        const item = document.createElement('li')
        item.id = `${list.id}-${i}`
        item.setAttribute('role', 'option')
        item.setAttribute('aria-selected', String(i === chosen))
        item.textContent = name
        item.addEventListener('pointerdown', (event) => {
          event.preventDefault()
          take(name)
        })
        return item
      }),
    )
    list.hidden = found.length === 0
    field.setAttribute('aria-activedescendant', list.hidden ? '' : `${list.id}-${chosen}`)
  }
  field.addEventListener('input', () => {
    chosen = 0
    show()
  })
  field.addEventListener('blur', () => (list.hidden = true))
  field.addEventListener('keydown', (event) => {
    if (list.hidden) return
    const items = list.children.length
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      chosen = (chosen + (event.key === 'ArrowDown' ? 1 : items - 1)) % items
      show()
    } else if (event.key === 'Tab' || event.key === 'Enter') take(list.children[chosen]?.textContent ?? '')
    else if (event.key === 'Escape') list.hidden = true
    else return
    event.preventDefault()
  })
}

export {}
