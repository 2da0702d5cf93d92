import { readFileSync } from 'node:fs';

const golden = (name) => readFileSync(new URL(`../golden/${name}.xml`, import.meta.url), 'utf8');

/** What no text of ours may hold: what a terminal obeys or nobody sees. The line feed is layout. */
const RAW = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;

function hold(condition, promise) {
  if (!condition) throw new Error(`broken promise: ${promise}`);
}

/** Runs `act`; an error of these codes is a proper end, and says nothing raw. */
function ends(act, codes) {
  try {
    return act();
  } catch (error) {
    if (!codes.includes(error?.code)) throw error;
    hold(!RAW.test(error.message) && !RAW.test(error.hint ?? ''), 'an error says nothing raw');
    return undefined;
  }
}

const same = (a, b, promise) => hold(JSON.stringify(a) === JSON.stringify(b), promise);

/** Pieces of changing size, told by the bytes themselves: the same input is always cut alike. */
function pieces(bytes) {
  const found = [];
  let size = 1 + ((bytes[0] ?? 0) % 7);
  for (let from = 0; from < bytes.length; from += size, size = 1 + ((size * 31 + (bytes[from] ?? 0)) % 97))
    found.push(Buffer.from(bytes.subarray(from, from + size)));
  return found;
}

/** By name: the inputs it begins with, words of its language, and what is done with an input. `load` gives a module of src. */
export const TARGETS = {
  xml: {
    seeds: [
      golden('init-answer'),
      golden('create-customer-answer'),
      golden('final-invoice-answer'),
      '<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>',
      '<!doctype html><html><title>502</title><body><script>x</script>Bad &amp; Gateway</body></html>',
      '{"error":{"message":"no","details":[1,{"reason":"x"}]}}',
      '<a><![CDATA[x]]><!-- c --><?p i?>&#65;&amp;&lt;</a>',
    ],
    dictionary: [
      '<batchProcess>',
      '</batchProcess>',
      '<child>',
      '<id>',
      '</id>',
      '<![CDATA[',
      ']]>',
      '<!--',
      '-->',
      '<?xml version="1.0"?>',
      '<!DOCTYPE a [',
      '<!ENTITY x "y">',
      '&amp;',
      '&#0;',
      '&#x41;',
      '&',
      ' a="b"',
      '__proto__',
      'constructor',
      '<failCount>',
      '1e5',
      '\0',
      '\u202e',
      '{"message":',
    ],
    async make(load) {
      const { parseBatch } = await load('api/response');
      const { XmlError } = await load('api/xml');
      const { errorMessageFrom, s3Error } = await load('api/error-message');
      return (bytes) => {
        const text = bytes.toString('utf8');
        try {
          const batch = parseBatch(text);
          hold(batch.id === null || batch.id.trim() === batch.id, 'an id has no blanks around it');
          hold(
            batch.failCount === null || Number.isSafeInteger(batch.failCount),
            'a count is a whole number',
          );
        } catch (error) {
          if (!(error instanceof XmlError)) throw error;
          hold(
            error.message.length < 300 && !RAW.test(error.message),
            'an error is short and says nothing raw',
          );
        }
        const message = errorMessageFrom(text);
        hold(
          message.length <= 300 && !RAW.test(message) && !message.includes('\n'),
          'a message is one short line',
        );
        const error = s3Error(text);
        hold(error === null || !RAW.test(error.code + error.message), 'a storage says nothing raw');
        hold(Object.keys(Object.prototype).length === 0, 'no prototype is changed');
      };
    },
  },
  result: {
    seeds: [
      'Account,Status,Message\nA1,OK,\nA2,Failed,"bad ""x"",\nno"\n',
      '\ufeffa,b\r\n"1\r\n2",3\r\n',
      'a\rb\rc',
      '"',
      '\n\n\na,b',
    ],
    dictionary: [
      ',',
      '"',
      '""',
      '\n',
      '\r\n',
      '\r',
      '\ufeff',
      'Status',
      'Message',
      'Failed',
      'OK',
      '\0',
      '=1+1',
    ],
    async make(load) {
      const { RecordCutter } = await load('files/result-cutter');
      const { fieldsOf } = await load('files/result-fields');
      const { resultColumns } = await load('files/result-columns');
      const { fateOf } = await load('files/result-tally');
      const { messagesLine } = await load('files/rejects-text');
      const cut = (blocks) => {
        const cutter = new RecordCutter();
        const records = [];
        const keep = ({ line, bytes, length }) =>
          records.push({ line, bytes: bytes.toString('latin1'), length });
        for (const block of blocks) for (const record of cutter.cut(block)) keep(record);
        for (const record of cutter.end()) keep(record);
        return { records, bom: cutter.hasBom };
      };
      return (bytes) => {
        const whole = cut([bytes]);
        same(whole, cut(pieces(bytes)), 'records are the same however the file is cut');
        const kept = whole.records.map((record) => record.bytes).join('');
        hold(
          kept.replace(/[\r\n]/g, '') ===
            bytes
              .subarray(whole.bom ? 3 : 0)
              .toString('latin1')
              .replace(/[\r\n]/g, ''),
          'no byte is lost',
        );
        const [header, ...rows] = whole.records.map((record) =>
          fieldsOf({ ...record, bytes: Buffer.from(record.bytes, 'latin1') }),
        );
        if (header === undefined) return;
        const columns = ends(
          () => resultColumns('r.csv', header, null, { status: null, message: null }),
          ['USAGE'],
        );
        if (columns === undefined) return;
        for (const row of rows) {
          const { message } = fateOf(row, columns);
          const line = messagesLine([1, message, 2]);
          hold(!/^1,"?[=+\-@\t\r]/.test(line), 'a cell is no formula');
        }
      };
    },
  },
  scanner: {
    seeds: [
      'a,b\n1,2\n"3\n""4",5\n',
      '\ufeffa,b\r\n\r\n1,2\r\n',
      'a,b\r1,2\r',
      'a,a,\n1.2E+11,0001,\n0002,3,\n',
      'a,b\n1,"2',
      'a;b\n1;2\n',
      'a,é\n\xff,€\n',
    ],
    dictionary: [',', '"', '""', '\n', '\r\n', '\r', '\ufeff', '\0', '1.23E+11', '0001', '€', '😀', ' '],
    async make(load) {
      const { ContentCheck } = await load('files/content');
      const { FindingList } = await load('files/findings');
      const { CrossFile } = await load('files/cross-file');
      const { CrossState } = await load('files/cross-state');
      const check = (blocks) => {
        const findings = new FindingList();
        const columns = { invoice: { key: 'a', amount: 'b' } };
        const cross = new CrossFile(
          new CrossState(columns, new Set(['invoice'])),
          { path: '/f', kind: 'invoice' },
          findings,
        );
        const content = new ContentCheck(findings, cross);
        for (const block of blocks) content.write(block);
        content.end();
        cross.end();
        return {
          records: content.records,
          header: content.header,
          shown: findings.shown(),
          total: findings.total,
          sum: cross.total,
        };
      };
      return (bytes) => {
        // The first block holds at least the first 4 KiB: they tell what is no text at all.
        const blocks =
          bytes.length <= 4096 ? [bytes] : [bytes.subarray(0, 4096), ...pieces(bytes.subarray(4096))];
        const whole = check([bytes]);
        // Which encoding it looks like is guessed from what is at hand after the bad byte: that may differ, its place may not.
        const places = ({ shown, ...rest }) => ({
          ...rest,
          shown: shown.map((one) => (one.code === 'not-utf8' ? { ...one, message: '', hint: '' } : one)),
        });
        same(places(whole), places(check(blocks)), 'findings are the same however the file is cut');
        const marked = check(
          [Buffer.from(bytes.subarray(0, 1)), bytes.subarray(1)].filter((block) => block.length > 0),
        );
        hold(
          whole.records === null || marked.records === null || whole.records === marked.records,
          'as many records however the file is cut',
        );
        hold(whole.shown.length <= 10 && whole.total >= whole.shown.length, 'ten findings at most');
        hold(
          !whole.shown.some(({ message, hint }) => RAW.test(message + hint)),
          'a finding says nothing raw',
        );
      };
    },
  },
  plan: {
    seeds: [
      'job: AUG_2020\ninit: {}\ncustomers: [cus_*.csv]\ninvoices:\n  - file: inv.csv\n    items: ["itm_*.csv"]\naccept: { failedRecords: 0 }\n',
      'job: 0123\ncolumns:\n  customer: { key: Account }\n  invoice: { key: N, customer: C, amount: A }\n  items: { invoice: N, amount: A }\n',
      'a: &a [x, x]\nb: *a\n<<: *a\n',
      '%YAML 1.2\n--- !!map\njob: !!str 1\n...\n---\nx: |\n  y\n',
    ],
    dictionary: [
      'job: ',
      'init:',
      'customers:',
      'invoices:',
      '- file: ',
      'items:',
      '[',
      ']',
      '{',
      '}',
      '"',
      "'",
      '&a ',
      '*a',
      '<<: ',
      '!!str ',
      '!<x> ',
      '? ',
      ': ',
      '- ',
      '|\n',
      '>\n',
      '---\n',
      '...\n',
      '#',
      '\t',
      '\ufeff',
      '../',
      '\0',
      '\u202e',
      '__proto__: ',
      '%TAG',
    ],
    async make(load) {
      const { parsePlan } = await load('plan/parse');
      return (bytes) => {
        const plan = ends(() => parsePlan(bytes.toString('utf8'), 'plan.yaml'), ['INVALID_PLAN']);
        hold(plan === undefined || (typeof plan.job === 'string' && plan.job !== ''), 'a plan has a job');
        hold(Object.keys(Object.prototype).length === 0, 'no prototype is changed');
      };
    },
  },
  journal: {
    seeds: [
      [
        {
          ebillJournal: 1,
          job: 'A',
          profile: null,
          baseUrl: 'http://127.0.0.1',
          startedAt: '2020-08-31T22:00:00.000Z',
        },
        {
          at: '2020-08-31T22:00:01.000Z',
          type: 'intent',
          n: 1,
          call: 'init',
          jobId: 'A_INIT',
          request: {
            jobId: 'A_INIT',
            carryForwardInvoices: true,
            carryForwardCreditMemos: true,
            carryForwardDebitMemos: true,
            zeroOutCustomerBalance: false,
          },
        },
        {
          at: '2020-08-31T22:00:02.000Z',
          type: 'answer',
          n: 1,
          outcome: 'answered',
          batch: {
            element: 'batchProcess',
            id: '1',
            jobId: 'A_INIT',
            status: null,
            operation: null,
            subOperation: null,
            successCount: null,
            successMessage: null,
            errorMessage: null,
            failCount: null,
            uploadUrl: null,
            downloadUrl: null,
            children: [],
          },
        },
        {
          at: '2020-08-31T22:00:03.000Z',
          type: 'intent',
          n: 2,
          call: 'create',
          jobId: 'A_INV',
          kind: 'invoice',
          file: { path: '/i.csv', name: 'i.csv', bytes: 9, records: 1, sha256: 'a', md5: 'b' },
          parent: null,
        },
        { at: '2020-08-31T22:00:04.000Z', type: 'answer', n: 2, outcome: 'ambiguous', message: 'lost' },
        {
          at: '2020-08-31T22:00:05.000Z',
          type: 'intent',
          n: 3,
          call: 'put',
          jobId: 'A_INV',
          object: 'https://h/o',
          bytes: 9,
        },
        {
          at: '2020-08-31T22:00:06.000Z',
          type: 'answer',
          n: 3,
          outcome: 'answered',
          etag: null,
          verified: false,
        },
        { at: '2020-08-31T22:00:07.000Z', type: 'intent', n: 4, call: 'finalize', jobId: 'A_INV', id: '4' },
        {
          at: '2020-08-31T22:00:08.000Z',
          type: 'settled',
          jobId: 'A_INV',
          call: 'finalize',
          batch: {
            element: 'batchProcess',
            id: '4',
            jobId: 'A_INV',
            status: 'Success',
            operation: null,
            subOperation: null,
            successCount: 1,
            successMessage: null,
            errorMessage: null,
            failCount: 0,
            uploadUrl: null,
            downloadUrl: null,
            children: [],
          },
        },
        {
          at: '2020-08-31T22:00:09.000Z',
          type: 'discovered',
          batches: [
            {
              jobId: 'A_CUS',
              kind: 'customer',
              parent: null,
              batch: {
                element: 'batchProcess',
                id: '5',
                jobId: 'A_CUS',
                status: 'Queued',
                operation: null,
                subOperation: null,
                successCount: null,
                successMessage: null,
                errorMessage: null,
                failCount: null,
                uploadUrl: null,
                downloadUrl: null,
                children: [],
              },
            },
          ],
        },
        { at: '2020-08-31T22:00:10.000Z', type: 'seen', jobId: 'A_CUS', batch: null },
        { at: '2020-08-31T22:00:11.000Z', type: 'abandoned', jobId: 'A_CUS', id: '5', reason: 'x' },
      ]
        .map((line) => `${JSON.stringify(line)}\n`)
        .join(''),
    ],
    dictionary: [
      '"type":"intent"',
      '"type":"answer"',
      '"type":"seen"',
      '"type":"found"',
      '"type":"discovered"',
      '"type":"adopted"',
      '"type":"settled"',
      '"type":"abandoned"',
      '"call":"create"',
      '"call":"put"',
      '"batch":null',
      '"batches":[]',
      '"children":[{}]',
      '"status":5',
      '"n":2',
      '"kind":"items"',
      'null',
      '{}',
      '[]',
      '0',
      '\n',
      '"__proto__":',
      '"jobId":"A_INV"',
      '"file":null',
      '"parent":{}',
    ],
    async make(load) {
      const { replay, entriesOf } = await load('load/replay');
      const { viewLoad } = await load('load/view');
      const { timelineOf } = await load('load/timeline');
      const { nextStep } = await load('load/next-step');
      return (bytes) => {
        const text = bytes.toString('utf8');
        const state = ends(() => replay(text, '/journal'), ['CONFLICT']);
        if (!state) return;
        nextStep(state, viewLoad(state, {}), { platform: 'linux', env: {} });
        timelineOf(entriesOf(text));
      };
    },
  },
  profile: {
    seeds: [
      JSON.stringify({
        version: 1,
        current: 'prod',
        profiles: {
          prod: {
            baseUrl: 'https://e.example.com',
            auth: { type: 'basic', username: 'u' },
            query: { format: 'xml' },
            headers: { 'X-Tenant': 'a' },
            statusNames: { Geladen: 'succeeded' },
            production: true,
            caFile: '/ca.pem',
            columns: { invoice: { key: 'N' } },
          },
        },
      }),
      '{"version":1,"profiles":{}}',
    ],
    dictionary: [
      '"version":1',
      '"profiles":{',
      '"baseUrl":',
      '"auth":{"type":"bearer"}',
      '"header:X"',
      '"__proto__":{}',
      '"constructor":',
      'null',
      '[]',
      '{}',
      '1e999',
      '\\u0000',
      '\\ud800',
      '\u202e',
      'https://',
      'http://[::1]',
      '"proxy":"http://u:p@h"',
    ],
    async make(load) {
      const { parseProfiles, fileOf, textOf } = await load('profile/format');
      return (bytes) => {
        const profiles = ends(
          () => parseProfiles(bytes.toString('utf8'), '/profiles.json'),
          ['USAGE', 'CONFLICT'],
        );
        if (profiles === undefined) return;
        const again = parseProfiles(textOf(fileOf(profiles)), '/profiles.json');
        same(fileOf(again), fileOf(profiles), 'what is written reads back equal');
        hold(Object.keys(Object.prototype).length === 0, 'no prototype is changed');
      };
    },
  },
  visible: {
    seeds: [
      '\u001b[2J\u001b]8;;http://x\u0007y',
      'Müller 日本 👩🏽‍💻 क्‍ष',
      '\u202eabc\u2066',
      '::error::x\n##[group]',
      'authorization: Bearer abcdefgh https://u:p@h/?X-Amz-Signature=abc',
    ],
    dictionary: [
      '\u001b[',
      '\u001b]52;c;',
      '\u0007',
      '\u009b',
      '\u202e',
      '\u2066',
      '\u200b',
      '\u200d',
      '\ufe0f',
      '\u{e0041}',
      '\u{e0100}',
      '\ud83d',
      '\r',
      '\n',
      '\t',
      '::',
      '##[',
      '%0A',
      '\u2028',
      '😀',
      'é',
      'e\u0301',
      '\u0e33',
      'Bearer ',
      '://',
      '@',
    ],
    async make(load) {
      const { visible, oneLine } = await load('visible');
      const { shorten, clip, wrap, hang } = await load('output/fit');
      const { textWidth, widthsReady } = await load('output/text-width');
      const { safeJson } = await load('output/json-text');
      const { workflowCommand, withoutCommands } = await load('output/github-commands');
      const { html } = await load('report/html');
      await widthsReady(['日']);
      return (bytes) => {
        const text = bytes.subarray(0, 2048).toString(bytes[0] === 0 ? 'utf16le' : 'utf8');
        const shown = visible(text);
        hold(!RAW.test(shown) && !shown.includes('\n'), 'what is shown has nothing raw');
        hold(visible(shown) === shown, 'what is shown is shown the same');
        const line = visible(oneLine(text));
        for (const width of [1, 7, 40]) {
          hold(textWidth(shorten(line, width)) <= width, 'a shortened text fits');
          for (const part of wrap(line, Math.max(2, width)))
            hold(!RAW.test(part), 'a wrapped text has nothing raw');
          hang('x: ', line, width + 3);
          clip(line, width);
        }
        const json = safeJson({ text });
        hold(!RAW.test(json) && JSON.parse(json).text === text, 'JSON has nothing raw and says the same');
        const command = workflowCommand('error', text.slice(0, 500), text);
        hold(!/[\r\n]/.test(command) && !command.slice(2).startsWith('::'), 'a command is one line');
        hold(
          !/^\s*::/.test(withoutCommands(line)) && !withoutCommands(line).includes('##['),
          'a runner finds no command',
        );
        const page = html`<p title="${text}">${text}</p>`.text;
        hold(/^<p title="[^"<>]*">[^<>]*<\/p>$/.test(page), 'a page holds no markup of others');
      };
    },
  },
  url: {
    seeds: [
      'https://b.s3.eu-west-1.amazonaws.com/org/in/cus.csv?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIA%2F20200831&X-Amz-Date=20200831T220000Z&X-Amz-Expires=3599&X-Amz-SignedHeaders=host&X-Amz-Signature=0123456789abcdef',
      'http://127.0.0.1:9000/b/k?X-Amz-Signature=deadbeef00&X-Amz-Expires=60',
      'https://user:secret-pass@h/p#f',
      'http://169.254.169.254/latest/meta-data/',
    ],
    dictionary: [
      'https://',
      'http://',
      '@',
      ':',
      '/',
      '?',
      '#',
      '&',
      '%2F',
      '%00',
      '..',
      '\\',
      '[::1]',
      '127.0.0.1',
      '169.254.169.254',
      '0x7f.1',
      'X-Amz-Date=',
      'X-Amz-Expires=',
      'X-Amz-Signature=',
      'X-Amz-Credential=',
      'localhost',
      '\n',
      '\u202e',
      'é',
      'javascript:',
      'file:///',
    ],
    async make(load) {
      const { assertSafeTransferUrl, isExpired, presignedFacts, redirectTarget } =
        await load('api/transfer-url');
      const { addressOf, redactShapes } = await load('redact');
      return (bytes) => {
        const url = bytes.toString('utf8');
        const facts = presignedFacts(url);
        hold(!facts.object.includes('?'), 'an object has no query');
        hold(facts.expiresAt === null || Number.isFinite(facts.expiresAt), 'an end is a moment');
        isExpired(facts, 0);
        addressOf(url);
        const once = redactShapes(url);
        hold(!/X-Amz-Signature=[0-9a-f]{8}/i.test(once), 'no signature is shown');
        const target = redirectTarget(302, url, 'https://h/a');
        for (const one of [url, target]) {
          if (one === null) continue;
          ends(
            () => assertSafeTransferUrl(one, { baseUrl: 'https://h', allowInsecure: false }),
            ['REJECTED'],
          );
        }
      };
    },
  },
};
