import { s3ObjectStore } from '../../storage/s3/s3-object-store.ts'
import { signedInCli } from './bench-cli.ts'
import { untilQuiet, type BenchStack } from './bench-stack.ts'
import type { ReleaseSink } from './release-sink.ts'

/** What a reference from a manifest to a chunk is counted as: hash and size. Rows and indexes are reported apart. */
const REFERENCE_BYTES = 40

export type ServerFigures = {
  chunks: number
  references: number
  inlineFiles: number
  objects: number
  bucketBytes: number
  databaseBytes: number
}

/** The real thing: each release is put by the command line, and what is kept is read off the bucket and the database. */
export async function createServerSink(
  bench: BenchStack,
): Promise<ReleaseSink & { figures(): Promise<ServerFigures> }> {
  const cli = await signedInCli(bench)
  const store = s3ObjectStore(bench.stack.s3)
  const bucket = async () => {
    let [objects, bytes, after]: [number, number, string | undefined] = [0, 0, undefined]
    for (;;) {
      const page = await store.list('t/', after)
      objects += page.objects.length
      for (const object of page.objects) bytes += object.sizeBytes
      if (page.next === null) return { objects, bytes }
      after = page.next
    }
  }
  const rows = async () => {
    const [row] = await bench.sql<
      { chunks: number; references: number; inlineFiles: number; inlineBytes: number; databaseBytes: number }[]
    >`
      select (select count(*)::int from chunks) as chunks, (select count(*)::int from content_chunks) as references,
        (select count(inline)::int from contents) as "inlineFiles", (select coalesce(sum(octet_length(inline)), 0)::float8 from contents) as "inlineBytes",
        (select sum(pg_total_relation_size(c.oid))::float8 from pg_class c where c.relname in
          ('nodes', 'versions', 'contents', 'content_chunks', 'chunks', 'journal', 'mutations')) as "databaseBytes"`
    return row!
  }
  return {
    store: async (release) => {
      await cli(['put', release.folder, 'home/', '--quiet'])
      await untilQuiet(bench)
    },
    async storedBytes() {
      const { inlineBytes, references } = await rows()
      return (await bucket()).bytes + inlineBytes + references * REFERENCE_BYTES
    },
    async figures() {
      const { chunks, references, inlineFiles, databaseBytes } = await rows()
      const { objects, bytes } = await bucket()
      return { chunks, references, inlineFiles, objects, bucketBytes: bytes, databaseBytes }
    },
  }
}
