import { html } from 'hono/html'
import { FORM_TOKEN_FIELD } from '../http/form-guard.ts'
import type { Html } from './design.ts'

/** What a form shows again after a refusal: the values that were typed, never a secret, and what is wrong with which field. */
export type FormState = {
  token: string
  values: Record<string, string>
  error: { field: string | null; detail: string } | null
}

export type FieldOptions = {
  name: string
  label: string
  type?: 'text' | 'email' | 'password'
  hint?: string
  autocomplete: string
  autofocus?: boolean
  minLength?: number
  maxLength?: number
}

/** A labelled input with its hint and its error beside it, both announced with the field. */
export function field(state: FormState, options: FieldOptions): Html {
  const { name, label, type = 'text', hint, autocomplete, autofocus = false, minLength = 1, maxLength = 256 } = options
  const error = state.error?.field === name ? state.error.detail : null
  // With an error beside a field, that field is where one goes on.
  const hasFocus = (state.error?.field ?? null) === null ? autofocus : error !== null
  const described = [hint === undefined ? '' : `${name}-hint`, error === null ? '' : `${name}-error`].join(' ').trim()
  const value = type === 'password' ? '' : (state.values[name] ?? '')
  return html`<div>
    <label for="${name}">${label}</label>
    <input
      id="${name}"
      name="${name}"
      type="${type}"
      value="${value}"
      autocomplete="${autocomplete}"
      required
      minlength="${minLength}"
      maxlength="${maxLength}"
      ${hasFocus ? 'autofocus' : ''}
      ${error === null ? '' : html`aria-invalid="true"`}
      ${described === '' ? '' : html`aria-describedby="${described}"`}
    />
    ${hint === undefined ? '' : html`<span class="hint" id="${name}-hint">${hint}</span>`}
    ${error === null ? '' : html`<span class="error" id="${name}-error">${error}</span>`}
  </div>`
}

export const hidden = (name: string, value: string): Html =>
  html`<input type="hidden" name="${name}" value="${value}" />`

export const guard = (state: FormState): Html => hidden(FORM_TOKEN_FIELD, state.token)

/** An error that belongs to no field that is shown. */
export function alertOf(state: FormState, fields: readonly string[]): Html | '' {
  const { error } = state
  if (error === null || (error.field !== null && fields.includes(error.field))) return ''
  return html`<div class="alert" role="alert">${error.detail}</div>`
}
