// A file of stories: each is told on fresh goods.
import type { Test } from 'tap'
import type { TestApp } from './app.ts'
import { stage } from './story.ts'

export async function tell(
  t: Test,
  app: TestApp,
  stories: Record<string, string>,
  options: Parameters<typeof stage>[1] = {},
): Promise<void> {
  for (const [name, story] of Object.entries(stories)) {
    await t.test(name, async (t) => {
      const { play } = await stage(app, options)
      await play(story)
      t.pass(name)
    })
  }
}
