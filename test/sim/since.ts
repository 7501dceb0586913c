import type { Mutation } from '../../core/namespace/model.ts'
import type { Asked } from './cloud.ts'
import type { Device } from './device.ts'
import type { World } from './world.ts'

/** What has happened since a moment, as the server and the ports have seen it. */
export class Since {
  readonly #world: World
  readonly #seq: number
  readonly #asked: number
  readonly #met: readonly ReadonlyMap<string, number>[]

  constructor(world: World) {
    this.#world = world
    this.#seq = world.cloud.state.seq
    this.#asked = world.cloud.asked.length
    this.#met = world.devices.map(({ met }) => new Map(met))
  }

  /** Entries of the journal as `kind path`, with the path that it has now. */
  get journal(): string[] {
    const { state, server } = this.#world.cloud
    return state.journal.filter(({ seq }) => seq > this.#seq).map(({ kind, node }) => `${kind} ${server.path(node.id)}`)
  }

  /** Changes of a kind that reached the server, from a device or from anybody; what came twice counts twice. */
  asked(kind: Mutation['kind'], device?: Device): Asked[] {
    return this.#world.cloud.asked
      .slice(this.#asked)
      .filter(({ mutation, actor }) => mutation.kind === kind && (!device || actor === device.actor))
  }

  /** How often a device made a call. */
  calls({ index, met }: Device, what: string): number {
    return (met.get(what) ?? 0) - (this.#met[index]!.get(what) ?? 0)
  }
}
