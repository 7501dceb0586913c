import { encodeRfc3986 } from './sign.ts'

const MEDIA_TYPE =
  /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}(?:; ?charset=[a-z0-9-]{1,40})?$/i

/** Not text: `encodeURIComponent` throws for it. */
const LONE_SURROGATE = /\p{Surrogate}/gu

/**
 * A download that no browser opens in place, under the file's own name (RFC 6266): the ASCII form for old
 * clients, the RFC 5987 form, which wins, for everyone else.
 */
export function attachment(fileName: string): string {
  const plain = fileName.replace(/[^ -~]|["\\%/]/gu, '_')
  return `attachment; filename="${plain}"; filename*=UTF-8''${encodeRfc3986(fileName.replace(LONE_SURROGATE, '\ufffd'))}`
}

/** The media type as given when it is one, else the type that nobody interprets. */
export const safeMediaType = (type: string): string => (MEDIA_TYPE.test(type) ? type : 'application/octet-stream')
