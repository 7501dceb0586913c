import { isSameContent, type Item, type ItemContent, type ItemId } from '../../core/reconcile/item.ts'

/**
 * Where else the bytes are that a step is about to displace (P1, I1). `server`: a revision that the server has acknowledged with this content.
 * `local`: another file here whose bytes were just read. `none`: nobody knows.
 */
export type Proof =
  | { held: 'server'; content: ItemContent; revision: number }
  | { held: 'local'; content: ItemContent }
  | { held: 'none' }

export type Verdict = { is: 'allowed' } | { is: 'refused'; detail: string }

const ALLOWED: Verdict = { is: 'allowed' }

/** The last thing that is asked before bytes of a person lose their name on this device. It stays on in production. */
export type Guard = {
  /**
   * @param id of the item that is there
   * @param displaced what is there, as it was read
   * @param proof of the same content elsewhere, which survives the step
   */
  ask(id: ItemId, displaced: ItemContent | null, proof: Proof): Verdict
  /** Since the engine started; every one is a mistake of ours, or a race that was caught. What is tried again with the same bytes counts once. */
  refusals(): number
}

/** More are counted each time. */
const REMEMBERED = 10_000

/** @param onRefusal to tell the person, and support */
export function createGuard(onRefusal: (detail: string) => void): Guard {
  let refusals = 0
  const known = new Set<string>()
  const isKnown = (key: string): boolean => {
    if (known.has(key)) return true
    if (known.size < REMEMBERED) known.add(key)
    return false
  }
  return {
    ask: (id, displaced, proof) => {
      const verdict = judge(displaced, proof)
      if (verdict.is === 'refused' && !isKnown(JSON.stringify([id, displaced]))) {
        refusals++
        onRefusal(verdict.detail)
      }
      return verdict
    },
    refusals: () => refusals,
  }
}

function judge(displaced: ItemContent | null, proof: Proof): Verdict {
  if (displaced === null) return refuse('its bytes were not read since it changed')
  // A folder goes only when it is empty: there is nothing in it to lose.
  if (displaced.kind === 'folder') return ALLOWED
  if (proof.held === 'none') return refuse('nothing shows that its bytes are held elsewhere')
  if (!isSameBytes(displaced, proof.content)) return refuse('what is held elsewhere has other bytes')
  if (proof.held === 'server' && proof.revision < 1) return refuse('the server has not acknowledged its bytes')
  return ALLOWED
}

const refuse = (detail: string): Verdict => ({ is: 'refused', detail })

/** The executable bit is no byte that could be lost. */
const isSameBytes = (a: ItemContent, b: ItemContent): boolean =>
  a.kind === 'file' && b.kind === 'file' ? a.sha256 === b.sha256 && a.size === b.size : isSameContent(a, b)

/**
 * What the trees know of where the server has a content of this item: the revision that both sides agreed on, or the present one.
 * An item that was never agreed on, or is edited, proves nothing about its bytes here.
 */
export function serverProof({ synced, remote }: Item, displaced: ItemContent | null): Proof {
  for (const state of [synced, remote]) {
    if (state && displaced && isSameBytes(state.content, displaced))
      return { held: 'server', content: state.content, revision: state.contentRevision }
  }
  return { held: 'none' }
}
