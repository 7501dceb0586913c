import { LINUX } from '../../core/reconcile/abilities.ts'
import { syncDiskContract } from '../contract/sync-disk.ts'
import { OUTSIDE_TEXT } from '../contract/sync-disk-world.ts'
import { NO_FAULTS } from './fault.ts'
import { FaultSource } from './fault-source.ts'
import { InodeTree } from './inode-tree.ts'
import { Life } from './life.ts'
import { Person } from './person.ts'
import { Scheduler, type Timer } from './scheduler.ts'
import { Trace } from './trace.ts'
import { VirtualDisk } from './virtual-disk.ts'

/** Time goes on whenever somebody waits: for whoever awaits one call after the other. */
class EagerScheduler extends Scheduler {
  override after(delayUs: number, run: () => void, isIdle = false): Timer {
    const timer = super.after(delayUs, run, isIdle)
    void this.run(() => false)
    return timer
  }
}

syncDiskContract('virtual disk', async () => {
  const scheduler = new EagerScheduler(new Trace())
  let calls = 0
  const life = new Life({
    index: 0,
    seed: 1,
    scheduler,
    faults: new FaultSource(1, NO_FAULTS, null),
    nextCall: () => ++calls,
    beforeCall() {},
    lateUs: () => 0,
    crash() {},
    unexpected() {},
  })
  const tree = new InodeTree({ ...LINUX, birthTime: false, reusesInodes: true }, () => {
    return 1_700_000_000_000_000 + scheduler.nowUs
  })
  const disk = new VirtualDisk(tree, life)
  await disk.writeMarker('root-1')
  const person = new Person(tree)
  /** Long enough for a stamp of its own. */
  const later = async (): Promise<void> => void (scheduler.nowUs += 20_000)
  const does = async (work: () => void): Promise<void> => {
    await later()
    work()
  }
  return {
    disk,
    user: {
      write: (path, text) => does(() => person.write(path, Buffer.from(text))),
      read: async (path) => Buffer.from(tree.find(path).entry!.inode.bytes).toString(),
      rename: (from, to) => does(() => person.rename(from, to)),
      remove: (path) => does(() => person.remove(path)),
      makeFolder: (path) => does(() => person.makeFolder(path)),
      symlink: (path, target) => does(() => person.symlink(path, target)),
      link: (from, to) => does(() => person.hardLink(from, to)),
      setMtime: (path, mtimeNs) => does(() => tree.touch(tree.find(path).entry!.inode, String(mtimeNs))),
      outside: { folder: '../outside', read: async () => OUTSIDE_TEXT },
    },
    close: async () => {},
  }
})
