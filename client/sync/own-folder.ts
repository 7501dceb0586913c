import { OWN_NAME } from '../../core/reconcile/names.ts'
import type { LocalPath } from './ports.ts'

/**
 * In the root of every synced tree: the marker, unfinished downloads, the safety trash, the lock. Never listed, never synced. A folder of
 * that name anywhere deeper is the person's own (NM-16).
 */
export const OWN_FOLDER: LocalPath = OWN_NAME
/** The safety trash of this device. */
export const TRASH_FOLDER: LocalPath = `${OWN_NAME}/trash`

/** Whether it is our folder, or lies in it. */
export const isOwnPath = (path: LocalPath): boolean => path === OWN_FOLDER || path.startsWith(`${OWN_FOLDER}/`)
