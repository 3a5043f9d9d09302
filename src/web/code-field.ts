// A field for one code: typed, sent by a hand scanner that acts as a keyboard, or read by the camera.
import { h, type Html } from './html.ts'
import type { Say } from './language.ts'

/** The camera's button and picture; client/camera-field.ts brings them to life and they stay away where no script runs. */
export const cameraParts = (
  say: Say,
): Html => h`<button type="button" class="camera-button" data-camera hidden>${lens}${say('code.camera')}</button>
<div class="viewfinder" data-viewfinder hidden data-denied="${say('code.cameraDenied')}" data-none="${say('code.cameraNone')}">
<video playsinline muted aria-label="${say('code.picture')}"></video><span class="frame" aria-hidden="true"></span>
<button type="button" class="quiet" data-camera-stop>${say('code.cameraStop')}</button></div>
<p class="notice warn" data-camera-fault hidden role="alert"></p>`

const lens = h`<svg class="small" viewBox="0 0 32 32" aria-hidden="true"><path d="M4 10h6l2-4h8l2 4h6v16H4z" fill="none" stroke="currentColor" stroke-width="2.6" stroke-linejoin="round"/><circle cx="16" cy="17.5" r="5" fill="none" stroke="currentColor" stroke-width="2.6"/></svg>`

/** A form that goes to `action?code=…`. */
export const codeForm = (
  say: Say,
  action: string,
  code: string,
): Html => h`<form class="code-form" method="get" action="${action}" data-code-form>
<label for="code">${say('code.label')}</label>
<div class="field-row"><input id="code" name="code" value="${code}" required autocomplete="off" autocapitalize="off" spellcheck="false" inputmode="text" aria-describedby="code-hint">
<button>${say('code.ask')}</button></div>
<p id="code-hint" class="hint">${say('code.hint')}</p>
${cameraParts(say)}
</form>`

/** A code as people read it: the separators of the symbol are shown as such. */
export const shownCode = (code: string): string => code.replace(/^\]\w\d/, '').replaceAll('\x1d', ' ')
