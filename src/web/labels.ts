// A sheet of labels to print: GS1 DataMatrix symbols in real millimetres with their quiet zones, and what they say in letters.
import { setImmediate as otherRequests } from 'node:timers/promises'
import bwip from 'bwip-js/node'
import { readCode } from '../gs1/read.ts'
import { GS } from '../gs1/write.ts'
import { a4, type Sheet, writePdf } from './pdf.ts'

export type LabelOptions = {
  /** Millimetres to a module: its X-dimension (GS1 General Specifications 5.12). */
  module: number
}

/** GS1 asks for one module; two survive a careless cut. */
const quietModules = 2
const margin = 10
/** Letters below the symbol, in millimetres. */
const letters = { size: 2.1, line: 2.6 }
const between = 2

type Symbol = { bits: ArrayLike<number>; columns: number; rows: number; lines: string[] }

/** @param codes element strings, GS as \x1d; all of one order, so their symbols are of one size */
export async function labelSheet(codes: readonly string[], { module }: LabelOptions): Promise<Buffer> {
  const first = codes[0] === undefined ? undefined : symbolOf(codes[0])
  const side = ((first?.columns ?? 10) + quietModules * 2) * module
  const cell = { width: Math.max(side, 30) + between, height: side + letters.line * 2 + between }
  const across = Math.floor((a4.width - margin * 2) / cell.width)
  const down = Math.floor((a4.height - margin * 2) / cell.height)
  const perPage = across * down
  return writePdf(Math.max(1, Math.ceil(codes.length / perPage)), a4, async (sheet, page) => {
    for (const [i, code] of codes.slice(page * perPage, (page + 1) * perPage).entries()) {
      const x = margin + (i % across) * cell.width
      const y = margin + Math.floor(i / across) * cell.height
      drawLabel(sheet, symbolOf(code), { x, y, module })
      // A thousand symbols take a second; others are served in between.
      await otherRequests()
    }
  })
}

function symbolOf(code: string): Symbol {
  const [drawn] = bwip.raw({ bcid: 'datamatrix', text: `^FNC1${code.replaceAll(GS, '^FNC1')}`, parsefnc: true })
  if (!drawn || !('pixs' in drawn)) throw new Error('no symbol was drawn')
  const { reading } = readCode(code)
  const lines = reading?.kind === 'unit' ? [`(01) ${reading.gtin}`, `(21) ${reading.serial}`] : []
  return { bits: drawn.pixs, columns: drawn.pixx, rows: drawn.pixy, lines }
}

/** Dark modules that touch in a row are one rectangle: no hairlines between them on any printer. */
function drawLabel(
  sheet: Sheet,
  { bits, columns, rows, lines }: Symbol,
  at: { x: number; y: number; module: number },
): void {
  const { module } = at
  const [left, top] = [at.x + quietModules * module, at.y + quietModules * module]
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const start = column
      while (column < columns && bits[row * columns + column] === 1) column++
      if (column > start) sheet.fill(left + start * module, top + row * module, (column - start) * module, module)
    }
  }
  const bottom = at.y + (rows + quietModules * 2) * module
  lines.forEach((line, i) => sheet.text(left, bottom + letters.line * (i + 0.7), letters.size, line))
}
