import { listingOf } from '../../client/sync/listing.ts'
import type { Disk } from '../../client/sync/ports.ts'

/** All of one thing but what is said to be otherwise. */
export function but<T extends object>(real: T, other: Partial<T>): T {
  return new Proxy(real, {
    get(target, key) {
      if (key in other) return other[key as keyof T]
      const value = Reflect.get(target, key, target) as unknown
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

/** What it lists is asked for in two ways. */
export function butDisk(disk: Disk, other: Partial<Disk>): Disk {
  const { list } = other
  return but(disk, {
    ...(list && { listChanged: async ({ path, seen, digest }) => listingOf(await list(path, seen), digest) }),
    ...other,
  })
}
