import { customAlphabet } from 'nanoid'

const random = customAlphabet('0123456789abcdefghijklmnopqrstuvwxyz', 12)

/** A public id: 12 lower-case letters and digits, 62 random bits, readable over the telephone. Not a secret. */
export const newId = (): string => random() // A function of its own: nanoid's takes a size, and callbacks get arguments.
