// A PDF of pages with black rectangles and plain text, in millimetres: as much of ISO 32000-1 as a sheet of labels needs.

/** Points to a millimetre. */
const unit = 72 / 25.4

/** From the top left corner, as people measure a sheet. */
export type Sheet = {
  /** A filled black rectangle. */
  fill(x: number, y: number, width: number, height: number): void
  /** A line of printable ASCII in Helvetica; `size` is the height of its letters' body. */
  text(x: number, y: number, size: number, line: string): void
}

export type PageSize = { width: number; height: number }
export const a4: PageSize = { width: 210, height: 297 }

const number = (millimetres: number): string => String(Number((millimetres * unit).toFixed(3)))

/** @returns the file @param draw is called for each page with its number from 0 */
export async function writePdf(
  pages: number,
  { width, height }: PageSize,
  draw: (sheet: Sheet, page: number) => Promise<void>,
): Promise<Buffer> {
  const objects: string[] = []
  const kids = Array.from({ length: pages }, (_, i) => `${4 + i * 2} 0 R`)
  objects.push('<< /Type /Catalog /Pages 2 0 R >>')
  objects.push(`<< /Type /Pages /Count ${pages} /Kids [${kids.join(' ')}] >>`)
  objects.push('<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>')
  for (let page = 0; page < pages; page++) {
    const marks: string[] = []
    await draw(
      {
        fill: (x, y, w, h) => void marks.push(`${number(x)} ${number(height - y - h)} ${number(w)} ${number(h)} re`),
        text: (x, y, size, line) =>
          void marks.push(`f BT /F1 ${number(size)} Tf ${number(x)} ${number(height - y)} Td (${escaped(line)}) Tj ET`),
      },
      page,
    )
    const stream = `0 g\n${marks.join('\n')}\nf`
    objects.push(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${number(width)} ${number(height)}] /Contents ${5 + page * 2} 0 R /Resources << /Font << /F1 3 0 R >> >> >>`,
      `<< /Length ${Buffer.byteLength(stream, 'latin1')} >>\nstream\n${stream}\nendstream`,
    )
  }
  return assemble(objects)
}

/** Objects, the table of where each begins, and the trailer (ISO 32000-1, 7.5). Scaling is left to no printer. */
function assemble(objects: readonly string[]): Buffer {
  let text = '%PDF-1.7\n'
  const offsets: number[] = []
  objects.forEach((object, i) => {
    offsets.push(text.length)
    text += `${i + 1} 0 obj\n${object}\nendobj\n`
  })
  const start = text.length
  const rows = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('')
  text += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${rows}`
  text += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`
  return Buffer.from(text, 'latin1')
}

const escaped = (line: string): string => line.replace(/[^ -~]/g, '?').replace(/[\\()]/g, '\\$&')
