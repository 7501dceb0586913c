ALTER TABLE "tenant_head" ADD COLUMN "tended_at" timestamp(3) with time zone;--> statement-breakpoint
CREATE INDEX "conflicts_copy" ON "conflicts" ("tenant_id","copy") WHERE copy is not null;--> statement-breakpoint
CREATE INDEX "tenant_head_tended" ON "tenant_head" ("tended_at" NULLS FIRST);