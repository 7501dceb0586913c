/** A path as it can be pasted into a shell. */
export const quoteForShell = (text: string): string =>
  /^[\w./@%+=:,-]+$/.test(text) && !text.startsWith('-') ? text : `'${text.replaceAll("'", `'\\''`)}'`
