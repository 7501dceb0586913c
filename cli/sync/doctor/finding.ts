/** What was looked at, how it is, and what to do where it is not as it should be. */
export type Finding = {
  /** Of a closed set: programs look for it. */
  check: string
  /** `note`: it works, and a person may want to know. */
  is: 'good' | 'note' | 'bad'
  text: string
  next?: string
}

export const good = (check: string, text: string): Finding => ({ check, is: 'good', text })
export const note = (check: string, text: string, next?: string): Finding => ({
  check,
  is: 'note',
  text,
  ...(next !== undefined && { next }),
})
export const bad = (check: string, text: string, next?: string): Finding => ({
  check,
  is: 'bad',
  text,
  ...(next !== undefined && { next }),
})
