// Offers names of participants where one is to be named; what is chosen ends with its id, which is all that is sent.

const waitMs = 200
const ending = /(?:^|· )([a-z0-9]{12})$/

/** The participant id that a field ends with, or undefined where nobody was chosen. */
export const chosenParty = (text: string): string | undefined => ending.exec(text.trim())?.[1]

/** @param address of the scanner */
export function offerParties(input: HTMLInputElement, address: string): void {
  const list = input.list
  if (!list) return
  let timer: ReturnType<typeof setTimeout> | undefined
  const ask = async (): Promise<void> => {
    const name = input.value.trim()
    if (name.length < 2 || chosenParty(name) !== undefined) return
    const answer = await fetch(`${address}/parties?name=${encodeURIComponent(name)}`)
    if (!answer.ok || !answer.headers.get('content-type')?.includes('json')) return
    const found = (await answer.json()) as { id: string; name: string }[]
    if (input.value.trim() !== name) return
    list.replaceChildren(
      ...found.map((party) => {
        const option = document.createElement('option')
        option.value = `${party.name} · ${party.id}`
        return option
      }),
    )
    // Who is named exactly need not be chosen from a list of one.
    const [only] = found
    if (found.length === 1 && only?.name.toLowerCase() === name.toLowerCase()) input.value = `${only.name} · ${only.id}`
  }
  const soon = (ms: number) => {
    clearTimeout(timer)
    // Without a network nobody is found, and an id is typed.
    timer = setTimeout(() => void ask().catch(() => undefined), ms)
  }
  input.addEventListener('input', () => soon(waitMs))
  input.addEventListener('change', () => soon(0))
}
