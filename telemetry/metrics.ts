import { invariant } from '../core/errors.ts'

/**
 * Metrics as OpenMetrics 1.0 text (https://prometheus.io/docs/specs/om/open_metrics_spec/), rules ME-1 to ME-4 of
 * docs/spec/tracing.md. Labels are closed sets that the metric declares, so that the number of series is known before the
 * first request: a value outside of its set is counted as `other`, and no id, name or path can become a label.
 */
export const OPENMETRICS_CONTENT_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

/** Seconds: from a cached read to the longest commit that we allow. */
export const LATENCY_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const
/** Counts of things in one batch. */
export const BATCH_SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024] as const

/** Name of each label and every value that it may have. */
export type LabelSets = Readonly<Record<string, readonly string[]>>
export type Labels<L extends LabelSets> = { readonly [K in keyof L]: L[K][number] }

export type Counter<L extends LabelSets> = { add(labels: Labels<L>, by?: number): void }
export type Gauge<L extends LabelSets> = { set(labels: Labels<L>, value: number): void }
export type Histogram<L extends LabelSets> = { observe(labels: Labels<L>, value: number): void }

type Described<L> = { name: string; help: string; unit?: string; labels?: L }

export type MetricsRegistry = {
  /** `name` without `_total`, which the format appends. */
  counter<const L extends LabelSets = {}>(of: Described<L>): Counter<L>
  gauge<const L extends LabelSets = {}>(of: Described<L>): Gauge<L>
  /** `buckets`: upper bounds, ascending; `+Inf` is added. */
  histogram<const L extends LabelSets = {}>(of: Described<L> & { buckets: readonly number[] }): Histogram<L>
  /** The whole exposition, `# EOF` included. */
  render(): string
}

const MAX_SERIES = 2_000
const OTHER = 'other'
const NAME = /^[a-z][a-z0-9_]*$/

export function createMetrics(): MetricsRegistry {
  const families = new Map<string, () => string>()
  const register = (type: string, of: Described<LabelSets>, samples: () => string) => {
    invariant(NAME.test(of.name), 'a metric name is lower snake case')
    invariant(!families.has(of.name), 'a metric is registered once')
    invariant(!of.unit || of.name.endsWith(`_${of.unit}`), 'a metric with a unit ends in it')
    const unit = of.unit ? `# UNIT ${of.name} ${of.unit}\n` : ''
    families.set(of.name, () => `# TYPE ${of.name} ${type}\n${unit}# HELP ${of.name} ${escape(of.help)}\n${samples()}`)
  }
  return {
    counter(of) {
      const series = seriesOf(of.labels ?? {}, () => ({ value: 0 }))
      register('counter', of, () => series.lines((labels, { value }) => sample(`${of.name}_total`, labels, value)))
      return {
        add(labels, by = 1) {
          if (by > 0 && Number.isFinite(by)) series.at(labels).value += by
        },
      }
    },
    gauge(of) {
      const series = seriesOf(of.labels ?? {}, () => ({ value: 0 }))
      register('gauge', of, () => series.lines((labels, { value }) => sample(of.name, labels, value)))
      return { set: (labels, value) => void (series.at(labels).value = value) }
    },
    histogram: (of) => histogramIn(register, of),
    render: () => `${Array.from(families.values(), (family) => family()).join('')}# EOF\n`,
  }
}

type Register = (type: string, of: Described<LabelSets>, samples: () => string) => void

function histogramIn<L extends LabelSets>(
  register: Register,
  of: Described<L> & { buckets: readonly number[] },
): Histogram<L> {
  const { buckets, name } = of
  invariant(
    buckets.length > 0 && buckets.every((bound, i) => Number.isFinite(bound) && bound > (buckets[i - 1] ?? -Infinity)),
    'histogram buckets ascend',
  )
  const series = seriesOf(of.labels ?? {}, () => ({
    counts: Array.from({ length: buckets.length + 1 }, () => 0),
    sum: 0,
  }))
  const lines = (labels: string[], { counts, sum }: { counts: number[]; sum: number }) => {
    let below = 0
    const bucket = (count: number, i: number) => {
      below += count
      return sample(`${name}_bucket`, [...labels, `le="${bucketBound(buckets[i])}"`], below)
    }
    return `${counts.map(bucket).join('')}${sample(`${name}_count`, labels, below)}${sample(`${name}_sum`, labels, sum)}`
  }
  register('histogram', of, () => series.lines(lines))
  return {
    observe(labels, value) {
      // The sum of a histogram with a negative or NaN observation could not be a counter any more.
      if (!(value >= 0) || value === Infinity) return
      const at = series.at(labels)
      const found = buckets.findIndex((bound) => value <= bound)
      const slot = found === -1 ? buckets.length : found
      at.counts[slot] = (at.counts[slot] ?? 0) + 1
      at.sum += value
    },
  }
}

/** The series of one family: made when first used, in a number that the label sets bound. */
function seriesOf<S>(sets: LabelSets, make: () => S) {
  const names = Object.keys(sets)
  const known = names.map((name) => new Set(sets[name]))
  const most = known.reduce((product, values) => product * (values.size + 1), 1)
  invariant(most <= MAX_SERIES, 'the label sets of a metric allow too many series')
  invariant(
    names.every((name) => NAME.test(name) && name !== 'le'),
    'a label name is lower snake case and not `le`',
  )
  const all = new Map<string, { labels: string[]; state: S }>()
  const at = (labels: Readonly<Record<string, string>>): S => {
    const values = names.map((name, i) => (known[i]?.has(labels[name] ?? '') ? (labels[name] ?? OTHER) : OTHER))
    const key = values.join('\u0000')
    const found = all.get(key)
    if (found !== undefined) return found.state
    const state = make()
    all.set(key, { labels: names.map((name, i) => `${name}="${escape(values[i] ?? OTHER)}"`), state })
    return state
  }
  // A family without labels has one series, which exists from the start: a counter that stands at 0 says so.
  if (names.length === 0) at({})
  const lines = (line: (labels: string[], state: S) => string) =>
    Array.from(all.values(), ({ labels, state }) => line(labels, state)).join('')
  return { at, lines }
}

const sample = (name: string, labels: string[], value: number) =>
  `${name}${labels.length > 0 ? `{${labels.join(',')}}` : ''} ${number(value)}\n`

function number(value: number): string {
  if (value === Infinity) return '+Inf'
  return value === -Infinity ? '-Inf' : String(value)
}

/** Bounds are floats in their canonical form: `1.0`, not `1`. */
function bucketBound(bound: number | undefined): string {
  if (bound === undefined) return '+Inf'
  return Number.isInteger(bound) ? `${bound}.0` : String(bound)
}

const escape = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')
