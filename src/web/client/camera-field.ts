// Brings the camera to a form with one code: what it reads is put into the field and asked at once.
import { startCamera } from './camera.ts'

for (const form of document.querySelectorAll<HTMLFormElement>('[data-code-form]')) {
  startCamera(form, (code) => {
    const field = form.querySelector<HTMLInputElement>('input[name=code]')
    if (!field) return
    // A field of text drops no control character: the separators of the symbol stay where they are.
    field.value = code
    form.requestSubmit()
  })
}

export {}
