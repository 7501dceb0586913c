/**
 * Reads the SQL out of a source file and asks of every tenant table in it: is there a condition that holds it to the tenant?
 * Row security is the wall; these conditions are why it is never leant on (T9).
 */

/** Backtick texts of a TypeScript source; `${…}` becomes `:expression:`. Plain quotes and comments are passed over. */
export function templateTexts(source: string): string[] {
  const texts: string[] = []
  skipCode(source, 0, texts)
  return texts
}

/** From `at` to the brace that closes the code, or to the end. @returns where it stopped */
function skipCode(source: string, start: number, texts: string[]): number {
  let at = start
  for (let depth = 0; at < source.length; at += 1) {
    const two = source.slice(at, at + 2)
    const char = source[at]!
    if (two === '//') at = endOf(source, '\n', at)
    else if (two === '/*') at = endOf(source, '*/', at) + 1
    else if (char === "'" || char === '"') at = endOf(source, char, at + 1)
    else if (char === '`') at = readTemplate(source, at + 1, texts)
    else if (char === '{') depth += 1
    else if (char === '}' && --depth < 0) return at
  }
  return at
}

function endOf(source: string, mark: string, from: number): number {
  let at = from
  while (at < source.length && !source.startsWith(mark, at)) at += source[at] === '\\' ? 2 : 1
  return at
}

function readTemplate(source: string, start: number, texts: string[]): number {
  let text = ''
  let at = start
  for (; at < source.length && source[at] !== '`'; at += 1) {
    if (source[at] === '\\') at += 1
    if (!source.startsWith('${', at)) {
      text += source[at]
      continue
    }
    const end = skipCode(source, at + 2, texts)
    text += `:${source.slice(at + 2, end).trim()}:`
    at = end
  }
  texts.push(text)
  return at
}

/** Always the first parameter, a bound `tenant`, or what the text's user replaces by it. */
const TENANT = String.raw`(?:\$1|\$TENANT|:tenant:)(?:::uuid)?`
const KEYWORDS = new Set(
  'set where on using values select order group limit for join left inner cross returning'.split(' '),
)

type Use = { table: string; alias: string; verb: string }

/** Every place where a statement reads or changes one of the tables. */
function usesOf(sql: string, tables: readonly string[]): Use[] {
  const found = sql.matchAll(
    new RegExp(
      String.raw`\b(from|join|update|into|using|,)\s+(${tables.join('|')})\b(?:\s+as)?(?:\s+([a-z]\w*))?`,
      'gi',
    ),
  )
  return [...found].map(([, verb, table, alias]) => ({
    table: table!,
    verb: verb!.toLowerCase(),
    alias: alias === undefined || KEYWORDS.has(alias.toLowerCase()) ? '' : alias,
  }))
}

/** What is amiss with a text, one line a table. */
export function predicateFaults(sql: string, tables: readonly string[]): string[] {
  const uses = usesOf(sql, tables)
  const writes = uses.filter(({ verb }) => verb === 'into')
  const reads = uses.filter(({ verb }) => verb !== 'into')
  const anchored = anchoredAliases(sql)
  const counts = new Map<string, number>()
  for (const { alias } of reads) counts.set(alias, (counts.get(alias) ?? 0) + 1)
  return [
    ...writes.filter(({ table }) => !isInsertOfTenant(sql, table)).map(({ table }) => `insert into ${table}`),
    ...reads
      .filter(({ alias }) => !anchored.has(alias) || conditions(sql, alias) < counts.get(alias)!)
      .map(({ table, alias }) => `${table} ${alias}`.trim()),
  ]
}

const isInsertOfTenant = (sql: string, table: string): boolean =>
  new RegExp(String.raw`into\s+${table}\s*\(\s*tenant_id\b[^)]*\)\s*(?:values\s*\(|select)\s*${TENANT}\s*,`, 'i').test(
    sql,
  )

/** How often a table is held to a tenant, under this name ('' without one). */
const conditions = (sql: string, alias: string): number =>
  alias === ''
    ? [...sql.matchAll(new RegExp(String.raw`(?<![.\w])tenant_id\s*=\s*${TENANT}`, 'g'))].length
    : [...sql.matchAll(new RegExp(String.raw`\b${alias}\.tenant_id\s*=|=\s*${alias}\.tenant_id\b`, 'g'))].length

/** The names that are tied to the tenant, by themselves or through one another. */
function anchoredAliases(sql: string): Set<string> {
  const direct = [...sql.matchAll(new RegExp(String.raw`(?:\b(\w+)\.|(?<![.\w]))tenant_id\s*=\s*${TENANT}`, 'g'))]
  const anchored = new Set(direct.map(([, alias]) => alias ?? ''))
  const ties = [...sql.matchAll(/\b(\w+)\.tenant_id\s*=\s*(\w+)\.tenant_id\b/g)]
  for (let grown = -1; grown !== anchored.size;) {
    grown = anchored.size
    for (const [, one, other] of ties) if (anchored.has(one!) || anchored.has(other!)) anchored.add(one!).add(other!)
  }
  return anchored
}
