import { describeState, stepWords } from '../cli/sync/view/words.ts'
import { redrawnLines } from '../cli/progress/redrawn-lines.ts'
import type { Paint } from '../cli/text/paint.ts'
import { formatBytes, formatCount, formatTook } from '../cli/text/quantity.ts'
import { displayWidth, shortenMiddle } from '../cli/text/terminal-text.ts'
import { wrapText } from '../cli/text/wrap.ts'
import type { Output } from '../cli/world.ts'
import type { LinkState } from '../client/node/sync/host/link-status.ts'
import type { DemoEvent } from './events.ts'

/** Shows events; on a terminal, how both devices fare stands in a line below. */
export type View = { take(event: DemoEvent): void; close(): Promise<void> }

const REDRAW_MS = 120
const SPINNER = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'
const INDENT = '      '
const DEVICE_WIDTH = 9
/** Of steps of one kind in a scene; the others are counted. */
const STEPS_SHOWN = 3
const SAID_SHOWN = 14

export const jsonView = (output: Output): View => ({
  take: (event) => void output.write(`${JSON.stringify(event)}\n`),
  close: () => output.write(''),
})

export function textView(output: Output, paint: Paint, isLive: boolean): View {
  const lines = redrawnLines(output)
  const states = new Map<string, string>()
  const steps = new StepCount()
  let writing = Promise.resolve()
  let turn = 0
  let isOver = false
  const columns = (): number => (output.isTerminal ? Math.max(40, output.columns - 1) : 160)
  const footer = (): string[] => {
    if (isOver) return []
    const devices = Array.from(states, ([device, state]) => `${device} ${state}`)
    const text = devices.length === 0 ? 'starting a server and two devices' : devices.join('   ')
    return ['', shortenMiddle(`  ${SPINNER[turn++ % SPINNER.length]} ${text}`, columns())]
  }
  const draw = (above: readonly string[] = []): void => {
    const text = above.join('\n')
    writing = writing.then(() =>
      isLive
        ? lines.draw(
            footer().map((line) => paint('dim', line)),
            text,
          )
        : above.length === 0
          ? undefined
          : output.write(`${text}\n`),
    )
  }
  const timer = isLive ? setInterval(() => draw(), REDRAW_MS) : null
  return {
    take: (event) => {
      if (event.event === 'state') states.set(event.device, describeState(event.state as LinkState, event.reason).text)
      if (event.event === 'stopped') isOver = true
      draw(linesOf(event, { paint, columns: columns(), steps }))
    },
    close: async () => {
      if (timer !== null) clearInterval(timer)
      await writing
      if (isLive) await lines.close()
    },
  }
}

type Look = { paint: Paint; columns: number; steps: StepCount }

function linesOf(event: DemoEvent, look: Look): string[] {
  const { paint, columns, steps } = look
  switch (event.event) {
    case 'started':
      return [
        '',
        `  ${paint('bold', 'BitVault')}: two devices and a server on this machine`,
        '',
        `  ${'server'.padEnd(DEVICE_WIDTH)} ${event.server}, started in ${formatTook(event.tookMs)}`,
      ]
    case 'device':
      return [`  ${event.device.padEnd(DEVICE_WIDTH)} ${event.folder}`]
    case 'scene':
      return ['', `  ${paint('dim', `${event.number}/${event.of}`)} ${paint('bold', event.title)}`]
    case 'does':
      return [...restLines(look), by(event.device, event.what, look)]
    case 'command':
      return [...restLines(look), by(event.device, paint('cyan', `$ ${event.command}`), look)]
    case 'said':
      return saidLines(event.text, look)
    case 'step':
      return steps.take(event)
        ? [stepLine(event.device, event.step, shortenMiddle(event.path, columns - 32), look)]
        : []
    case 'shown':
      return [...restLines(look), ...signed(paint('green', '✓'), event.text, { indent: INDENT, columns })]
    case 'end':
      return event.ok
        ? summaryOf(event, look)
        : ['', ...signed(paint('red', '✗'), event.error, { indent: '  ', columns }), '']
    case 'state':
    case 'stopped':
      return []
  }
}

const by = (device: string, text: string, { paint }: Look): string =>
  `${INDENT}${paint('dim', device.padEnd(DEVICE_WIDTH))} ${text}`

function stepLine(device: string, step: string, what: string, look: Look): string {
  const { done, way } = stepWords(step)
  const sign = { up: '↑', down: '↓', none: '·' }[way]
  return by(device, `${look.paint(way === 'up' ? 'yellow' : 'blue', `${sign} ${done.padEnd(8)}`)} ${what}`, look)
}

function saidLines(said: string, { paint, columns }: Look): string[] {
  const room = columns - INDENT.length - DEVICE_WIDTH - 3
  const all = said.split('\n').filter((line) => line.trim() !== '')
  const shown = all.slice(0, SAID_SHOWN).flatMap((line) => fold(line, room))
  const rest = all.length > SAID_SHOWN ? [`… and ${formatCount(all.length - SAID_SHOWN, 'line')} more`] : []
  return [...shown, ...rest].map(
    (line) => `${INDENT}${' '.repeat(DEVICE_WIDTH)} ${paint('dim', `│ ${shortenMiddle(line, room)}`)}`,
  )
}

/** Broken at blanks, each line indented as the first; what stands in columns keeps them. */
function fold(line: string, columns: number): string[] {
  if (displayWidth(line) <= columns) return [line]
  const indent = /^ */.exec(line)?.[0] ?? ''
  const parts = line
    .slice(indent.length)
    .match(new RegExp(`.{1,${Math.max(8, columns - indent.length)}}(?:\\s|$)`, 'gu'))
  return parts === null ? [line] : parts.map((part) => indent + part.trimEnd())
}

/** A sentence behind a sign, in as many lines as it takes. */
function signed(sign: string, text: string, { indent, columns }: { indent: string; columns: number }): string[] {
  const [first = '', ...rest] = wrapText(text, columns - indent.length - 2)
  return [`${indent}${sign} ${first}`, ...rest.map((line) => `${indent}  ${line}`)]
}

const restLines = (look: Look): string[] =>
  look.steps
    .drain()
    .map(({ device, step, count }) => stepLine(device, step, `… and ${count.toLocaleString('en-US')} more`, look))

function summaryOf(end: Extract<DemoEvent, { ok: true }>, { paint, columns }: Look): string[] {
  const { scenes, items, sent, received, refusals, tookMs } = end
  const refused = refusals === 0 ? 'no step' : formatCount(refusals, 'step')
  const [title, ...facts] = [
    `All ${scenes} happened, and nothing was lost`,
    `both folders hold the same ${formatCount(items, 'file')}; ${refused} had to be refused to be safe`,
    `${formatBytes(sent)} sent, ${formatBytes(received)} fetched, in ${formatTook(tookMs)}; everything is stopped and removed`,
  ]
  const lines = facts.flatMap((fact) => wrapText(fact, columns - 4)).map((line) => `    ${line}`)
  return ['', `  ${paint('green', '✓')} ${paint('bold', title ?? '')}`, ...lines, '']
}

type Counted = { device: string; step: string; count: number }

/** Many steps of one kind are shown as a few, and a number. */
class StepCount {
  readonly #counts = new Map<string, Counted>()

  /** @returns whether it is shown by itself */
  take({ device, step }: { device: string; step: string }): boolean {
    const key = `${device} ${stepWords(step).done}`
    const counted = this.#counts.get(key) ?? { device, step, count: -STEPS_SHOWN }
    this.#counts.set(key, counted)
    return ++counted.count <= 0
  }

  /** Those that were not shown; it begins anew. */
  drain(): Counted[] {
    const rest = [...this.#counts.values()].filter(({ count }) => count > 0)
    this.#counts.clear()
    return rest
  }
}
