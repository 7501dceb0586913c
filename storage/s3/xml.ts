/**
 * Just enough XML for S3's answers: flat records of text elements, no attributes that matter, no CDATA, no DTD.
 * Nothing is expanded but the five named entities and character references, so a hostile document has nothing to grow.
 */
const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** The insides of every `<name>…</name>`, in order. */
export function elements(xml: string, name: string): string[] {
  const pattern = new RegExp(`<${name}(?:\\s[^>]*)?>([\\s\\S]*?)</${name}>`, 'g')
  return Array.from(xml.matchAll(pattern), (match) => match[1] ?? '')
}

/** The text of the first `<name>`, or `null`. */
export function elementText(xml: string, name: string): string | null {
  const match = new RegExp(`<${name}(?:\\s[^>]*)?>([^<]*)</${name}>`).exec(xml)
  return match === null ? null : unescapeXml(match[1] ?? '')
}

const unescapeXml = (text: string): string =>
  text.replace(/&(?:#x([0-9a-f]{1,6})|#([0-9]{1,7})|([a-z]{2,4}));/gi, (whole, hex, decimal, named) => {
    if (named !== undefined) return ENTITIES[String(named).toLowerCase()] ?? whole
    const code = hex === undefined ? Number.parseInt(decimal, 10) : Number.parseInt(hex, 16)
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })

/** Text as XML carries it; our keys and etags hold no control characters. */
export const escapeXml = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&apos;')
