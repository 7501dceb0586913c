const MARKS = /(<!-- generated: npm run docs -->\n)[\s\S]*?(\n<!-- end of generated -->)/

/** Puts `table` between the marks of a text. Throws when the marks are missing. */
export function withTable(text: string, table: string): string {
  if (!MARKS.test(text)) throw new Error('the marks of the generated part are missing')
  return text.replace(MARKS, (_, before: string, after: string) => before + table + after)
}
