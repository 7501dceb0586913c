CREATE TABLE "chunks" (
	"tenant_id" uuid,
	"sha256" text,
	"object_key" text,
	"byte_offset" bigint NOT NULL,
	"byte_length" bigint NOT NULL,
	"state" text DEFAULT 'live' NOT NULL,
	"verified" boolean NOT NULL,
	"uploaded_by" uuid NOT NULL,
	"upload_id" uuid NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"orphaned_at" timestamp(3) with time zone,
	CONSTRAINT "chunks_pkey" PRIMARY KEY("tenant_id","sha256","object_key")
);
--> statement-breakpoint
ALTER TABLE "chunks" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "content_chunks" (
	"tenant_id" uuid,
	"content_ref" uuid,
	"ordinal" integer,
	"sha256" text NOT NULL,
	"object_key" text NOT NULL,
	"size" bigint NOT NULL,
	"plain" bigint NOT NULL,
	CONSTRAINT "content_chunks_pkey" PRIMARY KEY("tenant_id","content_ref","ordinal")
);
--> statement-breakpoint
ALTER TABLE "content_chunks" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "contents" (
	"tenant_id" uuid,
	"id" uuid,
	"content_id" text NOT NULL,
	"codec" text NOT NULL,
	"size" bigint NOT NULL,
	"sha256" text NOT NULL,
	"inline" bytea,
	"chunk_count" integer NOT NULL,
	CONSTRAINT "contents_pkey" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
ALTER TABLE "contents" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "upload_packs" (
	"tenant_id" uuid,
	"upload_id" uuid,
	"sha256" text,
	"size" bigint NOT NULL,
	"members" jsonb NOT NULL,
	CONSTRAINT "upload_packs_pkey" PRIMARY KEY("tenant_id","upload_id","sha256")
);
--> statement-breakpoint
ALTER TABLE "upload_packs" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "uploads" (
	"tenant_id" uuid,
	"id" uuid,
	"user_id" uuid NOT NULL,
	"session_id" uuid NOT NULL,
	"state" text DEFAULT 'open' NOT NULL,
	"drafts" jsonb NOT NULL,
	"file_count" integer NOT NULL,
	"committed_count" integer DEFAULT 0 NOT NULL,
	"multipart" jsonb,
	"created_at" timestamp(3) with time zone NOT NULL,
	"expires_at" timestamp(3) with time zone NOT NULL,
	"swept_at" timestamp(3) with time zone,
	CONSTRAINT "uploads_pkey" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
ALTER TABLE "uploads" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "api_tokens" (
	"id" uuid PRIMARY KEY,
	"hash" text NOT NULL UNIQUE,
	"prefix" text NOT NULL,
	"session_id" uuid NOT NULL,
	"tenant_id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"name" text NOT NULL,
	"created_at" timestamp(3) with time zone NOT NULL,
	"expires_at" timestamp(3) with time zone NOT NULL,
	"revoked_at" timestamp(3) with time zone,
	"last_used_at" timestamp(3) with time zone
);
--> statement-breakpoint
ALTER TABLE "api_tokens" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "browser_cookies" (
	"hash" text PRIMARY KEY,
	"session_id" uuid NOT NULL
);
--> statement-breakpoint
ALTER TABLE "browser_cookies" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "device_codes" (
	"device_hash" text PRIMARY KEY,
	"user_code_hash" text NOT NULL UNIQUE,
	"device_name" text NOT NULL,
	"client_address" text,
	"created_at" timestamp(3) with time zone NOT NULL,
	"expires_at" timestamp(3) with time zone NOT NULL,
	"state" text NOT NULL,
	"user_id" uuid,
	"tenant_id" uuid,
	"last_polled_at" timestamp(3) with time zone,
	"interval_ms" integer NOT NULL,
	CONSTRAINT "device_codes_state" CHECK ("state" in ('pending', 'approved', 'denied', 'used'))
);
--> statement-breakpoint
ALTER TABLE "device_codes" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "memberships" (
	"tenant_id" uuid,
	"user_id" uuid,
	"role" text NOT NULL,
	"created_at" timestamp(3) with time zone NOT NULL,
	"removed_at" timestamp(3) with time zone,
	CONSTRAINT "memberships_pkey" PRIMARY KEY("tenant_id","user_id"),
	CONSTRAINT "memberships_role" CHECK ("role" in ('owner', 'admin', 'member'))
);
--> statement-breakpoint
ALTER TABLE "memberships" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "password_links" (
	"hash" text PRIMARY KEY,
	"user_id" uuid NOT NULL,
	"created_at" timestamp(3) with time zone NOT NULL,
	"expires_at" timestamp(3) with time zone NOT NULL,
	"used_at" timestamp(3) with time zone
);
--> statement-breakpoint
ALTER TABLE "password_links" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "refresh_tokens" (
	"hash" text PRIMARY KEY,
	"session_id" uuid NOT NULL,
	"parent_hash" text,
	"issued_at" timestamp(3) with time zone NOT NULL,
	"expires_at" timestamp(3) with time zone NOT NULL,
	"rotated_at" timestamp(3) with time zone,
	"successor_sealed" text
);
--> statement-breakpoint
ALTER TABLE "refresh_tokens" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "sessions" (
	"id" uuid PRIMARY KEY,
	"tenant_id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"device_name" text NOT NULL,
	"kind" text NOT NULL,
	"created_at" timestamp(3) with time zone NOT NULL,
	"last_used_at" timestamp(3) with time zone NOT NULL,
	"absolute_expiry" timestamp(3) with time zone NOT NULL,
	"revoked_at" timestamp(3) with time zone,
	CONSTRAINT "sessions_kind" CHECK ("kind" in ('device', 'browser', 'api-token'))
);
--> statement-breakpoint
ALTER TABLE "sessions" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "sign_in_attempts" (
	"key" text PRIMARY KEY,
	"failures" integer NOT NULL,
	"last_at" timestamp(3) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "sign_in_attempts" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "tenants" (
	"id" uuid PRIMARY KEY,
	"name" text NOT NULL,
	"created_at" timestamp(3) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "tenants" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "users" (
	"id" uuid PRIMARY KEY,
	"email" text NOT NULL UNIQUE,
	"display_name" text NOT NULL,
	"password_hash" text,
	"created_at" timestamp(3) with time zone NOT NULL,
	"disabled_at" timestamp(3) with time zone,
	CONSTRAINT "users_email_lower" CHECK ("email" = lower("email"))
);
--> statement-breakpoint
ALTER TABLE "users" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "journal" (
	"tenant_id" uuid,
	"seq" bigint,
	"kind" text NOT NULL,
	"node_id" uuid NOT NULL,
	"space_id" uuid NOT NULL,
	"mutation_id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"session_id" uuid NOT NULL,
	"at" timestamp(3) with time zone NOT NULL,
	"node" jsonb NOT NULL,
	CONSTRAINT "journal_pkey" PRIMARY KEY("tenant_id","seq")
);
--> statement-breakpoint
ALTER TABLE "journal" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "mutations" (
	"tenant_id" uuid,
	"id" uuid,
	"fingerprint" text NOT NULL,
	"seq" bigint NOT NULL,
	"outcome" text NOT NULL,
	"original" uuid,
	"at" timestamp(3) with time zone NOT NULL,
	CONSTRAINT "mutations_pkey" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
ALTER TABLE "mutations" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "nodes" (
	"tenant_id" uuid,
	"id" uuid,
	"space_id" uuid NOT NULL,
	"parent_id" uuid,
	"kind" text NOT NULL,
	"name" text NOT NULL,
	"name_key" text collate "C" NOT NULL,
	"content_revision" integer NOT NULL,
	"placement_revision" integer NOT NULL,
	"size" bigint,
	"sha256" text,
	"content_id" text,
	"codec" text,
	"mtime_ns" text,
	"executable" boolean NOT NULL,
	"created_at" timestamp(3) with time zone NOT NULL,
	"changed_at" timestamp(3) with time zone NOT NULL,
	"changed_seq" bigint NOT NULL,
	"trashed_at" timestamp(3) with time zone,
	CONSTRAINT "nodes_pkey" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
ALTER TABLE "nodes" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "versions" (
	"tenant_id" uuid,
	"node_id" uuid,
	"revision" integer,
	"content_ref" uuid NOT NULL,
	"mtime_ns" text,
	"executable" boolean NOT NULL,
	"created_by" uuid NOT NULL,
	"device" text NOT NULL,
	"created_at" timestamp(3) with time zone NOT NULL,
	"seq" bigint NOT NULL,
	"conflict_of" uuid,
	"base_revision" integer NOT NULL,
	CONSTRAINT "versions_pkey" PRIMARY KEY("tenant_id","node_id","revision")
);
--> statement-breakpoint
ALTER TABLE "versions" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "dead_letters" (
	"id" uuid PRIMARY KEY,
	"tenant_id" uuid NOT NULL,
	"kind" text NOT NULL,
	"payload" jsonb NOT NULL,
	"traceparent" text,
	"attempts" integer NOT NULL,
	"reason" text NOT NULL,
	"died_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "dead_letters" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "outbox" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"tenant_id" uuid NOT NULL,
	"kind" text NOT NULL,
	"payload" jsonb NOT NULL,
	"traceparent" text,
	"attempts" integer DEFAULT 0 NOT NULL,
	"available_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "outbox" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "usage" (
	"tenant_id" uuid PRIMARY KEY,
	"through_seq" bigint DEFAULT 0 NOT NULL,
	"written_bytes" bigint DEFAULT 0 NOT NULL,
	"files_created" bigint DEFAULT 0 NOT NULL,
	"versions_written" bigint DEFAULT 0 NOT NULL
);
--> statement-breakpoint
ALTER TABLE "usage" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "space_members" (
	"tenant_id" uuid,
	"space_id" uuid,
	"user_id" uuid,
	"role" text NOT NULL,
	CONSTRAINT "space_members_pkey" PRIMARY KEY("tenant_id","user_id","space_id")
);
--> statement-breakpoint
ALTER TABLE "space_members" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "spaces" (
	"tenant_id" uuid,
	"id" uuid,
	"kind" text NOT NULL,
	"name" text NOT NULL,
	"owner_id" uuid,
	"root_id" uuid NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "spaces_pkey" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
ALTER TABLE "spaces" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "tenant_head" (
	"tenant_id" uuid PRIMARY KEY,
	"epoch" uuid NOT NULL,
	"seq" bigint DEFAULT 0 NOT NULL,
	"lease" bigint DEFAULT 0 NOT NULL
);
--> statement-breakpoint
ALTER TABLE "tenant_head" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE INDEX "chunks_object" ON "chunks" ("tenant_id","object_key");--> statement-breakpoint
CREATE INDEX "chunks_orphaned" ON "chunks" ("orphaned_at") WHERE orphaned_at is not null;--> statement-breakpoint
CREATE INDEX "content_chunks_chunk" ON "content_chunks" ("tenant_id","sha256","object_key");--> statement-breakpoint
CREATE INDEX "uploads_unswept" ON "uploads" ("expires_at") WHERE swept_at is null;--> statement-breakpoint
CREATE INDEX "api_tokens_member" ON "api_tokens" ("tenant_id","user_id");--> statement-breakpoint
CREATE INDEX "browser_cookies_session" ON "browser_cookies" ("session_id");--> statement-breakpoint
CREATE INDEX "device_codes_expiry" ON "device_codes" ("expires_at");--> statement-breakpoint
CREATE INDEX "memberships_user" ON "memberships" ("user_id");--> statement-breakpoint
CREATE INDEX "password_links_user" ON "password_links" ("user_id");--> statement-breakpoint
CREATE INDEX "refresh_tokens_session" ON "refresh_tokens" ("session_id","issued_at");--> statement-breakpoint
CREATE INDEX "sessions_member" ON "sessions" ("tenant_id","user_id");--> statement-breakpoint
CREATE INDEX "sign_in_attempts_age" ON "sign_in_attempts" ("last_at");--> statement-breakpoint
CREATE UNIQUE INDEX "nodes_child" ON "nodes" ("tenant_id","parent_id","name_key") WHERE trashed_at is null;--> statement-breakpoint
CREATE INDEX "versions_content" ON "versions" ("tenant_id","content_ref");--> statement-breakpoint
CREATE INDEX "outbox_due" ON "outbox" ("available_at");--> statement-breakpoint
CREATE INDEX "outbox_tenant" ON "outbox" ("tenant_id","available_at");--> statement-breakpoint
CREATE UNIQUE INDEX "spaces_personal" ON "spaces" ("tenant_id","owner_id") WHERE kind = 'personal';--> statement-breakpoint
CREATE UNIQUE INDEX "spaces_team_name" ON "spaces" ("tenant_id","name") WHERE kind = 'team';--> statement-breakpoint
ALTER TABLE "content_chunks" ADD CONSTRAINT "content_chunks_tenant_id_content_ref_contents_tenant_id_id_fkey" FOREIGN KEY ("tenant_id","content_ref") REFERENCES "contents"("tenant_id","id");--> statement-breakpoint
ALTER TABLE "content_chunks" ADD CONSTRAINT "content_chunks_7ntptb9sbM8t_fkey" FOREIGN KEY ("tenant_id","sha256","object_key") REFERENCES "chunks"("tenant_id","sha256","object_key");--> statement-breakpoint
ALTER TABLE "upload_packs" ADD CONSTRAINT "upload_packs_tenant_id_upload_id_uploads_tenant_id_id_fkey" FOREIGN KEY ("tenant_id","upload_id") REFERENCES "uploads"("tenant_id","id");--> statement-breakpoint
ALTER TABLE "api_tokens" ADD CONSTRAINT "api_tokens_session_id_sessions_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions"("id");--> statement-breakpoint
ALTER TABLE "api_tokens" ADD CONSTRAINT "api_tokens_membership" FOREIGN KEY ("tenant_id","user_id") REFERENCES "memberships"("tenant_id","user_id");--> statement-breakpoint
ALTER TABLE "browser_cookies" ADD CONSTRAINT "browser_cookies_session_id_sessions_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "device_codes" ADD CONSTRAINT "device_codes_user_id_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id");--> statement-breakpoint
ALTER TABLE "device_codes" ADD CONSTRAINT "device_codes_tenant_id_tenants_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id");--> statement-breakpoint
ALTER TABLE "memberships" ADD CONSTRAINT "memberships_tenant_id_tenants_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id");--> statement-breakpoint
ALTER TABLE "memberships" ADD CONSTRAINT "memberships_user_id_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id");--> statement-breakpoint
ALTER TABLE "password_links" ADD CONSTRAINT "password_links_user_id_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "refresh_tokens" ADD CONSTRAINT "refresh_tokens_session_id_sessions_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_membership" FOREIGN KEY ("tenant_id","user_id") REFERENCES "memberships"("tenant_id","user_id");--> statement-breakpoint
ALTER TABLE "nodes" ADD CONSTRAINT "nodes_tenant_id_space_id_spaces_tenant_id_id_fkey" FOREIGN KEY ("tenant_id","space_id") REFERENCES "spaces"("tenant_id","id");--> statement-breakpoint
ALTER TABLE "nodes" ADD CONSTRAINT "nodes_tenant_id_parent_id_nodes_tenant_id_id_fkey" FOREIGN KEY ("tenant_id","parent_id") REFERENCES "nodes"("tenant_id","id");--> statement-breakpoint
ALTER TABLE "versions" ADD CONSTRAINT "versions_tenant_id_node_id_nodes_tenant_id_id_fkey" FOREIGN KEY ("tenant_id","node_id") REFERENCES "nodes"("tenant_id","id");--> statement-breakpoint
ALTER TABLE "versions" ADD CONSTRAINT "versions_tenant_id_content_ref_contents_tenant_id_id_fkey" FOREIGN KEY ("tenant_id","content_ref") REFERENCES "contents"("tenant_id","id");--> statement-breakpoint
ALTER TABLE "space_members" ADD CONSTRAINT "space_members_tenant_id_space_id_spaces_tenant_id_id_fkey" FOREIGN KEY ("tenant_id","space_id") REFERENCES "spaces"("tenant_id","id");--> statement-breakpoint
ALTER TABLE "spaces" ADD CONSTRAINT "spaces_tenant_id_tenants_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id");--> statement-breakpoint
ALTER TABLE "tenant_head" ADD CONSTRAINT "tenant_head_tenant_id_tenants_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id");--> statement-breakpoint
CREATE POLICY "chunks_tenant" ON "chunks" AS PERMISSIVE FOR ALL TO "bitvault_app" USING (tenant_id = (select current_setting('app.tenant_id')::uuid)) WITH CHECK (tenant_id = (select current_setting('app.tenant_id')::uuid));--> statement-breakpoint
CREATE POLICY "chunks_system" ON "chunks" AS PERMISSIVE FOR ALL TO "bitvault_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "content_chunks_tenant" ON "content_chunks" AS PERMISSIVE FOR ALL TO "bitvault_app" USING (tenant_id = (select current_setting('app.tenant_id')::uuid)) WITH CHECK (tenant_id = (select current_setting('app.tenant_id')::uuid));--> statement-breakpoint
CREATE POLICY "content_chunks_system" ON "content_chunks" AS PERMISSIVE FOR ALL TO "bitvault_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "contents_tenant" ON "contents" AS PERMISSIVE FOR ALL TO "bitvault_app" USING (tenant_id = (select current_setting('app.tenant_id')::uuid)) WITH CHECK (tenant_id = (select current_setting('app.tenant_id')::uuid));--> statement-breakpoint
CREATE POLICY "contents_system" ON "contents" AS PERMISSIVE FOR ALL TO "bitvault_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "upload_packs_tenant" ON "upload_packs" AS PERMISSIVE FOR ALL TO "bitvault_app" USING (tenant_id = (select current_setting('app.tenant_id')::uuid)) WITH CHECK (tenant_id = (select current_setting('app.tenant_id')::uuid));--> statement-breakpoint
CREATE POLICY "upload_packs_system" ON "upload_packs" AS PERMISSIVE FOR ALL TO "bitvault_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "uploads_tenant" ON "uploads" AS PERMISSIVE FOR ALL TO "bitvault_app" USING (tenant_id = (select current_setting('app.tenant_id')::uuid)) WITH CHECK (tenant_id = (select current_setting('app.tenant_id')::uuid));--> statement-breakpoint
CREATE POLICY "uploads_system" ON "uploads" AS PERMISSIVE FOR ALL TO "bitvault_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "api_tokens_system" ON "api_tokens" AS PERMISSIVE FOR ALL TO "bitvault_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "browser_cookies_system" ON "browser_cookies" AS PERMISSIVE FOR ALL TO "bitvault_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "device_codes_system" ON "device_codes" AS PERMISSIVE FOR ALL TO "bitvault_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "memberships_tenant_read" ON "memberships" AS PERMISSIVE FOR SELECT TO "bitvault_app" USING (tenant_id = (select current_setting('app.tenant_id')::uuid));--> statement-breakpoint
CREATE POLICY "memberships_system" ON "memberships" AS PERMISSIVE FOR ALL TO "bitvault_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "password_links_system" ON "password_links" AS PERMISSIVE FOR ALL TO "bitvault_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "refresh_tokens_system" ON "refresh_tokens" AS PERMISSIVE FOR ALL TO "bitvault_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "sessions_tenant_read" ON "sessions" AS PERMISSIVE FOR SELECT TO "bitvault_app" USING (tenant_id = (select current_setting('app.tenant_id')::uuid));--> statement-breakpoint
CREATE POLICY "sessions_system" ON "sessions" AS PERMISSIVE FOR ALL TO "bitvault_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "sign_in_attempts_system" ON "sign_in_attempts" AS PERMISSIVE FOR ALL TO "bitvault_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenants_system" ON "tenants" AS PERMISSIVE FOR ALL TO "bitvault_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "users_system" ON "users" AS PERMISSIVE FOR ALL TO "bitvault_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "journal_tenant" ON "journal" AS PERMISSIVE FOR ALL TO "bitvault_app" USING (tenant_id = (select current_setting('app.tenant_id')::uuid)) WITH CHECK (tenant_id = (select current_setting('app.tenant_id')::uuid));--> statement-breakpoint
CREATE POLICY "journal_system" ON "journal" AS PERMISSIVE FOR ALL TO "bitvault_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "mutations_tenant" ON "mutations" AS PERMISSIVE FOR ALL TO "bitvault_app" USING (tenant_id = (select current_setting('app.tenant_id')::uuid)) WITH CHECK (tenant_id = (select current_setting('app.tenant_id')::uuid));--> statement-breakpoint
CREATE POLICY "mutations_system" ON "mutations" AS PERMISSIVE FOR ALL TO "bitvault_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "nodes_tenant" ON "nodes" AS PERMISSIVE FOR ALL TO "bitvault_app" USING (tenant_id = (select current_setting('app.tenant_id')::uuid)) WITH CHECK (tenant_id = (select current_setting('app.tenant_id')::uuid));--> statement-breakpoint
CREATE POLICY "nodes_system" ON "nodes" AS PERMISSIVE FOR ALL TO "bitvault_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "versions_tenant" ON "versions" AS PERMISSIVE FOR ALL TO "bitvault_app" USING (tenant_id = (select current_setting('app.tenant_id')::uuid)) WITH CHECK (tenant_id = (select current_setting('app.tenant_id')::uuid));--> statement-breakpoint
CREATE POLICY "versions_system" ON "versions" AS PERMISSIVE FOR ALL TO "bitvault_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "dead_letters_tenant" ON "dead_letters" AS PERMISSIVE FOR ALL TO "bitvault_app" USING (tenant_id = (select current_setting('app.tenant_id')::uuid)) WITH CHECK (tenant_id = (select current_setting('app.tenant_id')::uuid));--> statement-breakpoint
CREATE POLICY "dead_letters_system" ON "dead_letters" AS PERMISSIVE FOR ALL TO "bitvault_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "outbox_tenant" ON "outbox" AS PERMISSIVE FOR ALL TO "bitvault_app" USING (tenant_id = (select current_setting('app.tenant_id')::uuid)) WITH CHECK (tenant_id = (select current_setting('app.tenant_id')::uuid));--> statement-breakpoint
CREATE POLICY "outbox_system" ON "outbox" AS PERMISSIVE FOR ALL TO "bitvault_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "usage_tenant" ON "usage" AS PERMISSIVE FOR ALL TO "bitvault_app" USING (tenant_id = (select current_setting('app.tenant_id')::uuid)) WITH CHECK (tenant_id = (select current_setting('app.tenant_id')::uuid));--> statement-breakpoint
CREATE POLICY "usage_system" ON "usage" AS PERMISSIVE FOR ALL TO "bitvault_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "space_members_tenant" ON "space_members" AS PERMISSIVE FOR ALL TO "bitvault_app" USING (tenant_id = (select current_setting('app.tenant_id')::uuid)) WITH CHECK (tenant_id = (select current_setting('app.tenant_id')::uuid));--> statement-breakpoint
CREATE POLICY "space_members_system" ON "space_members" AS PERMISSIVE FOR ALL TO "bitvault_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "spaces_tenant" ON "spaces" AS PERMISSIVE FOR ALL TO "bitvault_app" USING (tenant_id = (select current_setting('app.tenant_id')::uuid)) WITH CHECK (tenant_id = (select current_setting('app.tenant_id')::uuid));--> statement-breakpoint
CREATE POLICY "spaces_system" ON "spaces" AS PERMISSIVE FOR ALL TO "bitvault_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_head_tenant" ON "tenant_head" AS PERMISSIVE FOR ALL TO "bitvault_app" USING (tenant_id = (select current_setting('app.tenant_id')::uuid)) WITH CHECK (tenant_id = (select current_setting('app.tenant_id')::uuid));--> statement-breakpoint
CREATE POLICY "tenant_head_system" ON "tenant_head" AS PERMISSIVE FOR ALL TO "bitvault_system" USING (true) WITH CHECK (true);