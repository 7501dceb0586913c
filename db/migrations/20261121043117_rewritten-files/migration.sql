DROP INDEX "versions_superseding";--> statement-breakpoint
CREATE INDEX "versions_rewritten" ON "versions" ("tenant_id","node_id") WHERE revision > 1;