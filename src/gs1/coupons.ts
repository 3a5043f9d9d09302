import { isDigits } from './identifiers.ts'

type Wrong = { at: number; why: string } | undefined

/**
 * Reads a coupon field by field. A field is a letter-coded step: how many digits it has, or which digit before it
 * says so, and which values are allowed. The first step that fails ends the reading.
 */
class Cursor {
  readonly text: string
  at = 0
  wrong: Wrong = undefined

  constructor(text: string) {
    this.text = text
    if (text.length > 0 && !isDigits(text))
      this.wrong = { at: text.search(/\D/), why: 'has a character that is no digit' }
  }

  /** `length` digits. */
  digits(length: number, name: string): string {
    const value = this.text.slice(this.at, this.at + length)
    if (!this.wrong && value.length < length) this.wrong = { at: this.at, why: `is cut off in its ${name}` }
    this.at += length
    return value
  }

  /** One digit out of `allowed`. */
  choice(allowed: string, name: string): string {
    const value = this.digits(1, name)
    if (!this.wrong && !allowed.includes(value)) this.wrong = { at: this.at - 1, why: `has a wrong ${name}` }
    return value
  }

  /** A digit out of `allowed` that says how long the field is (plus `extra`), then the field. */
  sized(allowed: string, extra: number, name: string): void {
    const size = this.choice(allowed, `length of ${name}`)
    if (!this.wrong) this.digits(Number(size) + extra, name)
  }

  /** Whether the optional field that `mark` announces comes next; steps over the mark. */
  optional(mark: string): boolean {
    if (this.wrong || this.text.charAt(this.at) !== mark) return false
    this.at += 1
    return true
  }

  end(): Wrong {
    return this.wrong ?? (this.at < this.text.length ? { at: this.at, why: 'has more than a coupon holds' } : undefined)
  }
}

function purchase(coupon: Cursor, which: string): void {
  coupon.sized('12345', 0, `${which} purchase requirement`)
  coupon.choice('012349', `${which} purchase requirement code`)
  coupon.digits(3, `${which} family code`)
}

function purchasePrefix(coupon: Cursor, which: string): void {
  if (coupon.text.charAt(coupon.at) === '9') coupon.at += 1
  else coupon.sized('0123456', 6, `${which} company prefix`)
}

/** North American coupon code of AI 8110 (Coupon Application Guideline Using GS1 DataBar Expanded Symbols). */
export function lintCoupon(text: string, isDate: (text: string) => boolean = isShortDate): Wrong {
  const coupon = new Cursor(text)
  coupon.sized('0123456', 6, 'company prefix')
  coupon.digits(6, 'offer code')
  coupon.sized('12345', 0, 'save value')
  purchase(coupon, 'first')
  if (coupon.optional('1')) {
    coupon.choice('0123', 'rule of additional purchases')
    purchase(coupon, 'second')
    purchasePrefix(coupon, 'second')
  }
  if (coupon.optional('2')) {
    purchase(coupon, 'third')
    purchasePrefix(coupon, 'third')
  }
  const date = (name: string): string => {
    const value = coupon.digits(6, name)
    if (!coupon.wrong && !isDate(value)) coupon.wrong = { at: coupon.at - 6, why: `has a wrong ${name}` }
    return value
  }
  const expiry = coupon.optional('3') ? date('expiration date') : undefined
  if (coupon.optional('4')) {
    const start = date('start date')
    if (!coupon.wrong && expiry !== undefined && start > expiry) {
      coupon.wrong = { at: coupon.at - 14, why: 'expires before it starts' }
    }
  }
  if (coupon.optional('5')) coupon.sized('0123456789', 6, 'serial number')
  if (coupon.optional('6')) coupon.sized('1234567', 6, 'retailer')
  if (coupon.optional('9')) {
    coupon.choice('01256', 'save value code')
    coupon.choice('012', 'item that the save value applies to')
    coupon.digits(1, 'store coupon flag')
    coupon.choice('01', 'flag against multiplying')
  }
  return coupon.end()
}

/** Positive offer file coupon of AI 8112 (GS1 AI (8112) Coupon Data Specification). */
export function lintOfferCoupon(text: string): Wrong {
  const coupon = new Cursor(text)
  coupon.choice('01', 'format code')
  coupon.sized('0123456', 6, 'funder')
  coupon.digits(6, 'offer code')
  coupon.sized('0123456789', 6, 'serial number')
  return coupon.end()
}

function isShortDate(text: string): boolean {
  const [month, day] = [Number(text.slice(2, 4)), Number(text.slice(4))]
  if (month < 1 || month > 12 || day < 1) return false
  return day <= new Date(Date.UTC(2000 + Number(text.slice(0, 2)), month, 0)).getUTCDate()
}
