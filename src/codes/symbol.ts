// The GS1 DataMatrix of a code (ISO/IEC 16022, GS1 General Specifications 5.6): FNC1 first and between the fields.
import bwip from 'bwip-js/node'
import type { Gtin, Serial } from '../gs1/identifiers.ts'
import type { Tail } from '../gs1/read.ts'
import { elementString, GS } from '../gs1/write.ts'

export type SymbolCode = { gtin: Gtin; serial: Serial; tail: Tail }

const modulesOfQuietZone = 2 // One is the standard's least; two survive a careless crop.

function options(code: SymbolCode, scale: number): bwip.RenderOptions {
  const padding = modulesOfQuietZone * scale
  // ^FNC1 is the encoder's escape; `^` itself is no character of set 82, so no serial can forge one.
  const text = `^FNC1${elementString(code).replaceAll(GS, '^FNC1')}`
  return { bcid: 'datamatrix', text, parsefnc: true, scale, padding, backgroundcolor: 'FFFFFF' }
}

/** As SVG text, black on white, quiet zone included; it scales to any size. */
export const symbolSvg = (code: SymbolCode): string => bwip.toSVG(options(code, 4))

/** As PNG. @param scale pixels to a module */
export const symbolPng = (code: SymbolCode, scale: number): Promise<Buffer> => bwip.toBuffer(options(code, scale))
