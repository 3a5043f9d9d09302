import type { Stage } from './stage.ts'
import type { Row, Skipped } from './table.ts'

/** Plays ours and the yardstick in turns and says what came out. */
export type Scenario = (play: {
  stage: Stage
  /** At least five. */
  rounds: number
  /** Shows how far it is. */
  tell: (text: string) => void
}) => Promise<(Row | Skipped)[]>
