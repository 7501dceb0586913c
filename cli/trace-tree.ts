import type { CollectedSpan } from '../telemetry/span.ts'

/**
 * A trace as a tree with a waterfall, for a terminal:
 *
 *   put                    cli       ████████████████████    812 ms
 *   └─ POST /v1/files      gateway    ██▌                   61.0 ms
 *      └─ insert           postgres    ▌                    2.31 ms  ✗ busy
 */
export type TreeOptions = {
  /** Columns of the terminal; less than 60 counts as 60. */
  width: number
  /** Whether ANSI colours may be used. */
  color: boolean
}

/** Times are milliseconds after the first span. */
type Node = { span: CollectedSpan; startMs: number; endMs: number }
/** Siblings that are alike and shown as one line. */
type Folded = { folded: readonly Node[] }
type Tree = { roots: Node[]; orphans: Node[]; childrenOf: ReadonlyMap<string, Node[]> }
type Row = { lead: string; name: string; component: string; startMs: number; endMs: number; error: string | null }
type Layout = { label: number; component: number; bar: number; totalMs: number; paint: Paint }
type Paint = (text: string, style: string) => string

const MIN_WIDTH = 60
const MIN_BAR = 8
const DURATION = 8
/** Of siblings that are alike, such as the PUTs of a thousand chunks, so many are shown; the rest is one line. */
const MAX_ALIKE = 4
const RED = '31'
const DIM = '2'
const COMPONENT_STYLES = ['36', '32', '33', '35', '34', '96', '92', '95']

/** One line a span and a summary, each with a line end; siblings in the order of their start. Empty for no spans. */
export function renderTraceTree(spans: readonly CollectedSpan[], options: TreeOptions): string {
  if (spans.length === 0) return ''
  const nodes = toNodes(spans)
  const tree = toTree(nodes)
  const rows = tree.roots.flatMap((root) => [rowOf(root, ''), ...siblingRows(tree.childrenOf.get(id(root)), '', tree)])
  const orphanRows = siblingRows(tree.orphans, '', tree)
  const totalMs = Math.max(...nodes.map((node) => node.endMs))
  const layout = layOut([...rows, ...orphanRows], totalMs, options)
  const lines = rows.map((row) => renderRow(row, layout))
  if (orphanRows.length > 0) lines.push('(parent not received)', ...orphanRows.map((row) => renderRow(row, layout)))
  return [...lines, summary(spans, totalMs), ''].join('\n')
}

const id = (node: Node) => node.span.spanId

/** Nanoseconds since 1970 do not fit a number, their distance from the first one does. */
function toNodes(spans: readonly CollectedSpan[]): Node[] {
  const first = spans.map((span) => BigInt(span.startNs)).reduce((least, ns) => (ns < least ? ns : least))
  const after = (ns: string) => Number(BigInt(ns) - first) / 1e6
  return spans
    .map((span) => ({ span, startMs: after(span.startNs), endMs: Math.max(after(span.endNs), after(span.startNs)) }))
    .toSorted((a, b) => a.startMs - b.startMs || (id(a) < id(b) ? -1 : 1))
}

function toTree(nodes: readonly Node[]): Tree {
  const byId = new Map(nodes.map((node) => [id(node), node]))
  const roots: Node[] = []
  const orphans: Node[] = []
  const childrenOf = new Map<string, Node[]>()
  for (const node of nodes) {
    const parent = node.span.parentSpanId
    if (parent === null) roots.push(node)
    else if (!byId.has(parent) || isInRing(node, byId)) orphans.push(node)
    else childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), node])
  }
  return { roots, orphans, childrenOf }
}

/** Whether a span is its own ancestor: only a faulty producer writes that, and it must not hang us. */
function isInRing(node: Node, byId: ReadonlyMap<string, Node>): boolean {
  const passed = new Set<string>()
  let above = byId.get(node.span.parentSpanId ?? '')
  while (above !== undefined && !passed.has(id(above))) {
    if (id(above) === id(node)) return true
    passed.add(id(above))
    above = byId.get(above.span.parentSpanId ?? '')
  }
  return false
}

function siblingRows(nodes: readonly Node[] | undefined, lead: string, tree: Tree): Row[] {
  const items = fold(nodes ?? [], tree)
  return items.flatMap((item, i) => {
    const isLast = i === items.length - 1
    const branch = `${lead}${isLast ? '└─ ' : '├─ '}`
    if ('folded' in item) return [foldedRow(item.folded, branch)]
    const below = tree.childrenOf.get(id(item))
    return [rowOf(item, branch), ...siblingRows(below, `${lead}${isLast ? '   ' : '│  '}`, tree)]
  })
}

/** Folds what is alike, but never a failure: that is what one looks for. */
function fold(nodes: readonly Node[], tree: Tree): (Node | Folded)[] {
  const alike = new Map<string, Node[]>()
  for (const node of nodes) {
    if (hasFailed(node, tree)) continue
    const key = `${node.span.component} ${node.span.name}`
    alike.set(key, [...(alike.get(key) ?? []), node])
  }
  const groups = [...alike.values()].filter((group) => group.length > MAX_ALIKE + 1)
  const hidden = groups.map((group) => group.slice(MAX_ALIKE))
  const firstOf = new Map(hidden.map((group) => [group[0], group]))
  const isHidden = new Set(hidden.flat())
  return nodes.flatMap((node): (Node | Folded)[] => {
    const group = firstOf.get(node)
    if (group !== undefined) return [{ folded: group }]
    return isHidden.has(node) ? [] : [node]
  })
}

const hasFailed = (node: Node, tree: Tree): boolean =>
  node.span.status.code === 'error' || (tree.childrenOf.get(id(node)) ?? []).some((child) => hasFailed(child, tree))

const rowOf = ({ span, startMs, endMs }: Node, lead: string): Row => ({
  lead,
  name: printable(span.name),
  component: printable(span.component),
  startMs,
  endMs,
  error: span.status.code === 'error' ? printable(span.status.message || 'error') : null,
})

function foldedRow(nodes: readonly Node[], lead: string): Row {
  const ends = nodes.map((node) => node.endMs)
  const [first] = nodes as [Node]
  return {
    ...rowOf(first, lead),
    name: `… ${nodes.length} more ${printable(first.span.name)}`,
    endMs: Math.max(...ends),
  }
}

/** A collector takes spans from anyone: a name must not steer the terminal. */
const printable = (text: string) => text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?').slice(0, 120)

function layOut(rows: readonly Row[], totalMs: number, { width, color }: TreeOptions): Layout {
  const columns = Math.max(width, MIN_WIDTH)
  const widest = (texts: string[]) => Math.max(0, ...texts.map((text) => text.length))
  const component = Math.min(widest(rows.map((row) => row.component)), 16)
  const label = Math.min(widest(rows.map((row) => row.lead + row.name)), Math.floor(columns * 0.45))
  const error = Math.min(widest(rows.map((row) => (row.error === null ? '' : `  ✗ ${row.error}`))), 24)
  const bar = Math.max(columns - label - component - DURATION - error - 5, MIN_BAR)
  const paint: Paint = (text, style) => (color && text !== '' ? `\u001b[${style}m${text}\u001b[0m` : text)
  return { label, component, bar, totalMs, paint }
}

function renderRow(row: Row, layout: Layout): string {
  const { paint } = layout
  const lead = cut(row.lead, layout.label)
  const name = cut(row.name, layout.label - lead.length)
  const gap = ' '.repeat(layout.label - lead.length - name.length)
  const component = cut(row.component, layout.component).padEnd(layout.component)
  const style = row.error === null ? styleOf(row.component) : RED
  const bar = waterfall(row, layout)
  const duration = formatMs(row.endMs - row.startMs).padStart(DURATION)
  const error = row.error === null ? '' : paint(`  ✗ ${row.error}`, RED)
  const title = row.error === null ? name : paint(name, RED)
  return `${paint(lead, DIM)}${title}${gap}  ${paint(component, style)}  ${paint(bar, style)} ${duration}${error}`
}

const cut = (text: string, width: number) => (text.length <= width ? text : `${text.slice(0, Math.max(width - 1, 0))}…`)

function styleOf(component: string): string {
  const sum = Array.from(component).reduce((total, letter) => total + (letter.codePointAt(0) ?? 0), 0)
  return COMPONENT_STYLES[sum % COMPONENT_STYLES.length] ?? DIM
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

/** The start to a whole column, the length to an eighth of one; the shortest span still shows. */
function waterfall({ startMs, endMs }: Row, { bar, totalMs }: Layout): string {
  if (totalMs <= 0) return '▏'.padEnd(bar)
  const offset = Math.min(Math.floor((startMs / totalMs) * bar), bar - 1)
  const eighths = Math.round(((endMs - startMs) / totalMs) * bar * 8)
  const length = Math.min(Math.max(eighths, 1), (bar - offset) * 8)
  const blocks = '█'.repeat(Math.floor(length / 8)) + (EIGHTHS[length % 8] ?? '')
  return `${' '.repeat(offset)}${blocks}`.padEnd(bar)
}

function formatMs(ms: number): string {
  if (ms < 9.995) return `${ms.toFixed(2)} ms`
  if (ms < 99.95) return `${ms.toFixed(1)} ms`
  if (ms < 9_999.5) return `${ms.toFixed(0)} ms`
  return ms < 99_950 ? `${(ms / 1000).toFixed(1)} s` : `${(ms / 1000).toFixed(0)} s`
}

function summary(spans: readonly CollectedSpan[], totalMs: number): string {
  const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? '' : 's'}`
  const components = new Set(spans.map((span) => span.component)).size
  const failed = spans.filter((span) => span.status.code === 'error').length
  const parts = [count(spans.length, 'span'), count(components, 'component'), formatMs(totalMs)]
  return [...parts, ...(failed === 0 ? [] : [`${failed} failed`])].join(', ')
}
