import { customAlphabet } from 'nanoid'

/** A public id: 12 lower-case letters and digits, 62 random bits, readable over the telephone. Not a secret. */
export const newId: () => string = customAlphabet('0123456789abcdefghijklmnopqrstuvwxyz', 12)
