-- Written by hand: an answer without an entry of its own keeps its node, since the entry that it refers to may be compacted first.
-- Row security binds the owner too, and harden.ts forces it again.
ALTER TABLE "mutations" NO FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "journal" NO FORCE ROW LEVEL SECURITY;--> statement-breakpoint
UPDATE "mutations" m SET "node" = j.node FROM "journal" j
WHERE j.tenant_id = m.tenant_id AND j.seq = m.seq AND j.mutation_id <> m.id AND m.node IS NULL;--> statement-breakpoint
ALTER TABLE "mutations" FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "journal" FORCE ROW LEVEL SECURITY;
