import { createHash } from 'node:crypto'
import { html, raw } from 'hono/html'
import type { HtmlEscapedString } from 'hono/utils/html'

/** The look of every page of identity. No script, no font, no picture: nothing is loaded but the page itself. */
const CSS = `
:root { color-scheme: light dark; --ground: #f4f5f7; --card: #fff; --ink: #16191d; --soft: #5b636e; --line: #cfd5dc;
  --accent: #1f5fd6; --on-accent: #fff; --bad: #b3261e; --bad-ground: #fdecea; --note: #eef3fd; --warn: #7a4b00; --warn-ground: #fff4e0; }
@media (prefers-color-scheme: dark) { :root { --ground: #101216; --card: #1a1d23; --ink: #eceff3; --soft: #a3acb8; --line: #3a414b;
  --accent: #7aa7ff; --on-accent: #0b1526; --bad: #ffb4ab; --bad-ground: #3b1614; --note: #1b2739; --warn: #ffcf8a; --warn-ground: #35270e; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: flex; flex-direction: column; align-items: center; padding: clamp(1rem, 8vh, 6rem) 1rem 2rem;
  background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { width: 100%; max-width: 27rem; background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 2rem;
  box-shadow: 0 1px 2px rgb(0 0 0 / 6%), 0 12px 32px rgb(0 0 0 / 6%); }
.brand { display: flex; align-items: center; gap: .5rem; margin-bottom: 1.25rem; font-weight: 650; letter-spacing: -.01em; }
.brand svg { width: 1.5rem; height: 1.5rem; color: var(--accent); }
h1 { margin: 0 0 .5rem; font-size: 1.45rem; line-height: 1.25; letter-spacing: -.015em; }
p { margin: 0 0 1rem; } .soft, footer { color: var(--soft); } .small { font-size: .9rem; }
form { display: grid; gap: 1rem; margin-top: 1.25rem; }
label { display: block; font-weight: 550; margin-bottom: .3rem; }
.hint { display: block; color: var(--soft); font-size: .875rem; margin-top: .3rem; }
input { width: 100%; font: inherit; color: inherit; background: transparent; border: 1px solid var(--line); border-radius: 8px; padding: .6rem .75rem; }
input[aria-invalid=true] { border-color: var(--bad); }
.error { display: block; color: var(--bad); font-size: .9rem; margin-top: .3rem; font-weight: 550; }
.alert, .note, .warn { border-radius: 8px; padding: .75rem .9rem; margin: 1rem 0; }
.alert { background: var(--bad-ground); color: var(--bad); } .note { background: var(--note); } .warn { background: var(--warn-ground); color: var(--warn); }
button, .button { display: inline-block; width: 100%; font: inherit; font-weight: 600; text-align: center; text-decoration: none; cursor: pointer;
  border: 1px solid var(--accent); border-radius: 8px; padding: .65rem 1rem; background: var(--accent); color: var(--on-accent); }
button.plain, .button.plain { background: transparent; color: var(--ink); border-color: var(--line); }
button:hover, .button:hover { filter: brightness(1.06); }
:focus-visible { outline: 3px solid color-mix(in srgb, var(--accent) 45%, transparent); outline-offset: 2px; }
.code input { font: 600 1.6rem/1.2 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; letter-spacing: .18em; text-align: center; text-transform: uppercase; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .9em; }
pre { margin: .5rem 0 0; padding: .75rem .9rem; white-space: pre-wrap; overflow-wrap: anywhere; background: var(--ground); border: 1px solid var(--line); border-radius: 8px; }
dl { display: grid; grid-template-columns: auto 1fr; gap: .45rem 1rem; margin: 1.25rem 0; padding: 1rem; border: 1px solid var(--line); border-radius: 10px; }
dt { color: var(--soft); } dd { margin: 0; font-weight: 550; overflow-wrap: anywhere; }
ul { margin: .25rem 0 1rem; padding-left: 1.2rem; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: .75rem; }
footer { margin-top: 1.25rem; font-size: .85rem; text-align: center; } a { color: var(--accent); }
@media (max-width: 26rem) { main { padding: 1.4rem; } .pair { grid-template-columns: 1fr; } }
`

/** One string, so that no formatter of templates can change what the hash was made of. */
const STYLE = raw(`<style>${CSS}</style>`)
const CSS_HASH = createHash('sha256').update(CSS).digest('base64')

/** Nothing may load, run or frame; forms go home only. `no-referrer` would make browsers send `Origin: null` with forms. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': `default-src 'none'; style-src 'sha256-${CSS_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'cache-control': 'no-store',
}

export type Html = HtmlEscapedString | Promise<HtmlEscapedString>

const LOGO = raw(
  '<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" aria-hidden="true"><rect x="3" y="4" width="18" height="16" rx="3"/><circle cx="12" cy="12" r="3.2"/><path d="M12 5.8v3M12 15.2v3M5.8 12h3M15.2 12h3"/></svg>',
)

export const page = (title: string, body: Html): Html =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${title} · BitVault</title>
        ${STYLE}
      </head>
      <body>
        <main>
          <div class="brand">${LOGO}<span>BitVault</span></div>
          <h1>${title}</h1>
          ${body}
        </main>
      </body>
    </html>`
