import { html } from 'hono/html'
import { PASSWORD_MAX, PASSWORD_MIN } from '../../../core/identity/password-policy.ts'
import type { Account } from '../../../db/system/identity/accounts.ts'
import { page, type Html } from './design.ts'
import { alertOf, field, guard, hidden, type FieldOptions, type FormState } from './form.ts'

const newPassword = (label: string): FieldOptions => ({
  name: 'password',
  label,
  type: 'password',
  hint: `At least ${PASSWORD_MIN} characters. A few unrelated words do well.`,
  autocomplete: 'new-password',
  minLength: PASSWORD_MIN,
  maxLength: PASSWORD_MAX,
})
const email: FieldOptions = { name: 'email', label: 'E-mail address', type: 'email', autocomplete: 'username' }

export const setupPage = (state: FormState, setupToken: string): Html =>
  page(
    'Welcome',
    html`<p class="soft">Nobody has an account here yet. Yours will own this installation.</p>
      ${alertOf(state, ['organisation', 'name', 'email', 'password'])}
      <form method="post" action="/setup">
        ${guard(state)}${hidden('token', setupToken)}
        ${field(state, { name: 'organisation', label: 'Organisation', hint: 'A company, a family, a club: whoever shares these files.', autocomplete: 'organization', autofocus: true, maxLength: 100 })}
        ${field(state, { name: 'name', label: 'Your name', autocomplete: 'name', maxLength: 100 })}
        ${field(state, email)} ${field(state, newPassword('Password'))} <button>Create account</button>
      </form>`,
  )

export const loginPage = (state: FormState, next: string): Html =>
  page(
    'Sign in',
    html`${next === '/device' ? html`<p class="soft">Sign in to connect a device.</p>` : ''}
      ${alertOf(state, ['email'])}
      <form method="post" action="/login">
        ${guard(state)}${hidden('next', next)} ${field(state, { ...email, autofocus: true })}
        ${field(state, { name: 'password', label: 'Password', type: 'password', autocomplete: 'current-password' })}
        <button>Sign in</button>
      </form>`,
  )

export const accountPage = (state: FormState, account: Account, publicUrl: string): Html =>
  page(
    `Hello, ${account.displayName}`,
    html`<p class="soft">You are signed in to <strong>${account.tenantName}</strong> as ${account.email}.</p>
      <div class="note small">
        Put files in and get them out from a terminal. On your computer, run:
        <pre>npx bitvault login --server ${publicUrl}</pre>
      </div>
      <p class="small soft">It shows a code; then come back here and enter it.</p>
      <form method="post" action="/logout">
        ${guard(state)}
        <a class="button" href="/device">Connect a device</a>
        <button class="plain">Sign out</button>
      </form>`,
  )

export const passwordPage = (state: FormState, linkToken: string, address: string): Html =>
  page(
    'Choose a password',
    html`<p class="soft">You were invited as <strong>${address}</strong>.</p>
      ${alertOf(state, ['password'])}
      <form method="post" action="/password">
        ${guard(state)}${hidden('token', linkToken)}
        ${field(state, { ...newPassword('New password'), autofocus: true })} <button>Set password</button>
      </form>`,
  )

export const messagePage = (title: string, text: string, link: { href: string; label: string } | null): Html =>
  page(
    title,
    html`<p class="soft">${text}</p>
      ${link === null ? '' : html`<a class="button plain" href="${link.href}">${link.label}</a>`}`,
  )
