import type { SceneName } from './scenes.ts'

/** What the demo tells, as it happens: `--json` prints it, the views show it. Nothing in it is known before it has happened. */
export type DemoEvent =
  | { event: 'started'; server: string; tookMs: number }
  /** It is signed in, and its background process works on the folder. */
  | { event: 'device'; device: string; folder: string; pid: number }
  | { event: 'scene'; scene: SceneName; number: number; of: number; title: string }
  /** A person does something in a folder. */
  | { event: 'does'; device: string; what: string }
  /** A command that a person types; then what it said. */
  | { event: 'command'; device: string; command: string }
  | { event: 'said'; device: string; text: string }
  /** A step that the sync engine of a device has done. */
  | { event: 'step'; device: string; step: string; path: string }
  | { event: 'state'; device: string; state: string; reason: string | null }
  /** What came of it, with the figures that were taken. */
  | { event: 'shown'; scene: SceneName; text: string; facts: Facts }
  | { event: 'stopped'; tookMs: number }
  | {
      event: 'end'
      ok: true
      scenes: number
      items: number
      sent: number
      received: number
      refusals: number
      tookMs: number
    }
  | { event: 'end'; ok: false; error: string }

export type Facts = Readonly<Record<string, number | string | boolean | readonly string[]>>
export type Tell = (event: DemoEvent) => void
