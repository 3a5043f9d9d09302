// Who meets at the border post: a distillery that sends, a trader who brings, and customs with four officers.
import { Type } from 'typebox'
import type { Client } from './client.ts'
import type { Numbers } from './numbers.ts'

export type Officer = { id: string; name: string; desk: Client }
export type Post = {
  distillery: { id: string; name: string; office: Client }
  office: string
  officers: readonly Officer[]
}

const Named = Type.Object({ id: Type.String() })
const Issued = Type.Object({ id: Type.String(), key: Type.String() })

const names = ['Aibek Asanov', 'Gulnara Bekova', 'Nurlan Toktosunov', 'Zarina Omurova'] as const

export async function openPost(operator: Client, numbers: Numbers): Promise<Post> {
  const firm = { name: 'Ak-Suu Distillery', country: 'KG', roles: ['producer'], gln: numbers.gln() }
  const { id } = await operator.ask(Named, 'POST', '/participants', firm)
  const { key } = await operator.ask(Issued, 'POST', `/participants/${id}/keys`, { label: 'demo' })
  const customs = await operator.ask(Named, 'POST', '/participants', {
    name: 'Customs, post of Korday',
    country: 'KG',
    roles: ['customs'],
    gln: numbers.gln(),
  })
  const officers: Officer[] = []
  for (const name of names) {
    const person = await operator.ask(Named, 'POST', `/participants/${customs.id}/people`, {
      name,
      office: 'KG-KORDAY',
    })
    const body = { kind: 'person', person: person.id, label: 'demo' }
    const issued = await operator.ask(Issued, 'POST', `/participants/${customs.id}/keys`, body)
    const [first] = officers
    // From the third on a key counts only by the word of somebody of customs (design D15).
    if (officers.length >= 2 && first) {
      await first.desk.ask(Type.Unknown(), 'POST', `/participants/${customs.id}/keys/${issued.id}/confirmations`)
    }
    officers.push({ id: person.id, name, desk: operator.as(issued.key) })
  }
  return { distillery: { id, name: firm.name, office: operator.as(key) }, office: 'KG-KORDAY', officers }
}
