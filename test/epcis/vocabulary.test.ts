import t from 'tap'
import * as cbv from '../../src/epcis/vocabulary.ts'

t.test('The lists are complete', async (t) => {
  const lists: [readonly string[], number][] = [
    [cbv.bizSteps, 41],
    [cbv.dispositions, 33],
    [cbv.bizTransactionTypes, 13],
    [cbv.partyTypes, 3],
    [cbv.errorReasons, 2],
    [cbv.components, 14],
    [cbv.sensorAlerts, 2],
    [cbv.measurementTypes, 72],
  ]
  for (const [list, count] of lists) {
    t.equal(list.length, count)
    t.equal(new Set(list).size, count, 'no word stands twice')
  }
})

t.test('Every spelling of a word is the word', async (t) => {
  const spellings = `
    shipping
    https://ref.gs1.org/cbv/BizStep-shipping
    https://ns.gs1.org/cbv/BizStep-shipping
    https://ns.gs1.org/voc/Bizstep-shipping
    urn:epcglobal:cbv:bizstep:shipping
    cbv:BizStep-shipping
  `
  for (const text of spellings.trim().split(/\s+/)) t.equal(cbv.readWord(cbv.bizStepVocabulary, text), 'shipping', text)
  t.equal(cbv.readWord(cbv.measurementVocabulary, 'gs1:Temperature'), 'Temperature')
  t.equal(cbv.readWord(cbv.bizStepVocabulary, 'urn:epcglobal:cbv:bizstep:shopping'), null)
  t.equal(cbv.readWord(cbv.bizStepVocabulary, 'urn:epcglobal:cbv:disp:active'), undefined)
  t.equal(cbv.readWord(cbv.bizStepVocabulary, 'https://example.com/shipping'), undefined)
  t.equal(cbv.readWord(cbv.bizStepVocabulary, 'toString'), null)
})
