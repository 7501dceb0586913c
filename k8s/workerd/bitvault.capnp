# BitVault on plain workerd: what `npm start` and self-hosted pods run. No experimental flags.
#
#   workerd serve k8s/workerd/bitvault.capnp \
#     --socket-addr http=127.0.0.1:8787 --directory-path do-storage=/var/lib/bitvault/objects
#
# Settings come from the environment (the list `bindings`); a variable that is not set is null to the Worker.
# Two processes must not share one do-storage directory: nothing locks it.

using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "bitvault", worker = .bitvault),
    # Postgres and the object store may be on this machine or in a private network.
    (name = "internet", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true))),
    (name = "do-storage", disk = (writable = true)),
    # further services
  ],
  sockets = [(name = "http", address = "127.0.0.1:8787", http = (), service = "bitvault")],
  logging = (structuredLogging = true),
);

const bitvault :Workerd.Worker = (
  modules = [(name = "main.js", esModule = embed "../../dist/worker/main.js")],
  compatibilityDate = "2026-11-17",
  compatibilityFlags = [],
  globalOutbound = "internet",
  # The unique keys name the folders of the objects' storage: they never change.
  durableObjectNamespaces = [
    (className = "TenantJournal", uniqueKey = "bitvault-TenantJournal", enableSql = true),
    (className = "TenantReader", uniqueKey = "bitvault-TenantReader", enableSql = true),
    (className = "OutboxPump", uniqueKey = "bitvault-OutboxPump", enableSql = true),
  ],
  durableObjectStorage = (localDisk = "do-storage"),
  bindings = [
    (name = "TENANT_JOURNAL", durableObjectNamespace = "TenantJournal"),
    (name = "TENANT_READER", durableObjectNamespace = "TenantReader"),
    (name = "OUTBOX_PUMP", durableObjectNamespace = "OutboxPump"),
    (name = "IDENTITY", service = (name = "bitvault", entrypoint = "Identity")),
    (name = "DATABASE_URL", fromEnvironment = "DATABASE_URL"),
    (name = "SYSTEM_DATABASE_URL", fromEnvironment = "SYSTEM_DATABASE_URL"),
    (name = "S3_ENDPOINT", fromEnvironment = "S3_ENDPOINT"),
    (name = "S3_PUBLIC_ENDPOINT", fromEnvironment = "S3_PUBLIC_ENDPOINT"),
    (name = "S3_REGION", fromEnvironment = "S3_REGION"),
    (name = "S3_BUCKET", fromEnvironment = "S3_BUCKET"),
    (name = "S3_ACCESS_KEY_ID", fromEnvironment = "S3_ACCESS_KEY_ID"),
    (name = "S3_SECRET_ACCESS_KEY", fromEnvironment = "S3_SECRET_ACCESS_KEY"),
    (name = "AUTH_SIGNING_KEYS", fromEnvironment = "AUTH_SIGNING_KEYS"),
    (name = "PUBLIC_URL", fromEnvironment = "PUBLIC_URL"),
    (name = "SETUP_TOKEN", fromEnvironment = "SETUP_TOKEN"),
    (name = "OTEL_EXPORTER_OTLP_ENDPOINT", fromEnvironment = "OTEL_EXPORTER_OTLP_ENDPOINT"),
    (name = "TRACE_QUERY_ENDPOINT", fromEnvironment = "TRACE_QUERY_ENDPOINT"),
    (name = "GC_GRACE_MS", fromEnvironment = "GC_GRACE_MS"),
    (name = "UPLOAD_TTL_MS", fromEnvironment = "UPLOAD_TTL_MS"),
    (name = "RETENTION_EVERY_MS", fromEnvironment = "RETENTION_EVERY_MS"),
    (name = "JOURNAL_KEEP_MS", fromEnvironment = "JOURNAL_KEEP_MS"),
    (name = "JOURNAL_KEEP_ENTRIES", fromEnvironment = "JOURNAL_KEEP_ENTRIES"),
    (name = "LOG_LEVEL", fromEnvironment = "LOG_LEVEL"),
    (name = "CLIENT_ADDRESS_HEADER", fromEnvironment = "CLIENT_ADDRESS_HEADER"),
    # further bindings
  ],
);
