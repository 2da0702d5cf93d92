import { describe, expect, test } from 'vitest';
import { parseBatch } from '../../src/api/response.ts';
import { readBody } from '../../src/api/response-body.ts';
import { parseXml, XmlError } from '../../src/api/xml.ts';
import { golden, INIT, rawServer, rejection, rigFor, thrownBy } from './rig.ts';

const RESPONSES = [
  'init-answer',
  'create-customer-answer',
  'finalize-customer-answer',
  'status-customer-answer',
  'final-invoice-answer',
];

const refused = (document: string): XmlError => {
  const error = thrownBy(() => parseXml(document));
  if (!(error instanceof XmlError)) throw error;
  return error;
};

describe('a truncated document', () => {
  test.each(RESPONSES)('is an error, not a smaller batch: %s, cut at every byte', (name) => {
    const whole = golden(name);
    const batch = parseBatch(whole);
    for (let length = 0; length < whole.length; length += 1) {
      const cut = whole.slice(0, length);
      if (cut.trimEnd() === whole.trimEnd()) expect(parseBatch(cut)).toEqual(batch);
      else expect(thrownBy(() => parseBatch(cut))).toBeInstanceOf(XmlError);
    }
  });

  test.each([
    '<a>&',
    '<a>&amp',
    '<a><![CDATA[',
    '<a><![CDATA[x]]',
    '<a/><!-- x',
    '<a/><?x',
    '<a/><![CDATA[x',
    '<a/><',
    '<a/></',
    '<a><!--</a>',
  ])('is an error: %j', (document) => {
    refused(document);
  });
});

describe('a DTD', () => {
  test.each([
    '<!DOCTYPE batchProcess><batchProcess/>',
    '<!doctype batchProcess SYSTEM "file:///etc/passwd"><batchProcess/>',
    '<?xml version="1.0"?>\n<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;</a>',
    '<a><!ENTITY x "y"></a>',
    // After what looks like the start of a CDATA section.
    '<!-- <![CDATA[ --><!DOCTYPE a [<!ENTITY x "boom">]><!-- ]]> --><a>&x;</a>',
    '<?x <![CDATA[ ?><!DOCTYPE a [<!ENTITY x "boom">]><?x ]]> ?><a>&x;</a>',
    '<!-- > --><!DOCTYPE a><!-- --><a/>',
  ])('is refused: %j', (document) => {
    expect(refused(document).message).toContain('document type');
  });

  test('is allowed as text', () => {
    expect(parseXml('<a><![CDATA[<!DOCTYPE a>]]></a>').text).toBe('<!DOCTYPE a>');
    expect(parseXml('<a><!-- <!DOCTYPE a> -->x</a>').text).toBe('x');
    expect(parseXml('<a>&lt;!DOCTYPE a></a>').text).toBe('<!DOCTYPE a>');
  });

  test('is not needed: unknown entities stay as they are', () => {
    expect(parseXml('<a>&x; &nbsp; &lol9;</a>').text).toBe('&x; &nbsp; &lol9;');
  });
});

describe('nesting', () => {
  test('is allowed as deep as in any response', () => {
    expect(parseXml(`${'<a>'.repeat(20)}${'</a>'.repeat(20)}`).name).toBe('a');
  });

  test.each([
    ['<a>', '</a>'],
    ['<é>', '</é>'],
    ['<:a>', '</:a>'],
    ['<a x="/">', '</a>'],
    ['<a><!--</a>-->', '</a>'],
    ['<a><![CDATA[</a>]]>', '</a>'],
    ['<a><?x </a>?>', '</a>'],
  ])('of 100 000 %j is refused', (open, close) => {
    refused(open.repeat(100_000) + close.repeat(100_000));
  });

  test('is not counted in text', () => {
    const page = '<br>'.repeat(500);
    expect(parseXml(`<a><![CDATA[${page}]]><!-- ${page} --></a>`).text).toBe(page);
  });
});

describe('an element name', () => {
  test.each([
    'constructor',
    'toString',
    'hasOwnProperty',
    'valueOf',
    '__proto__',
    '__defineGetter__',
    'prototype',
  ])('like <%s> is harmless', (name) => {
    const document = `<batchProcess><${name}><id>evil</id><polluted>1</polluted></${name}><id>1</id></batchProcess>`;
    try {
      expect(parseBatch(document)).toMatchObject({ id: '1', status: null, children: [] });
    } catch (error) {
      expect(error).toBeInstanceOf(XmlError);
    }
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect('polluted' in {}).toBe(false);
  });
});

describe('a large document', () => {
  // The time limit of a test is all that bounds the time here: what is not linear takes minutes.
  // Each of these, at ten megabytes, made the parser take minutes or gigabytes.
  test.each<[string, string, string]>([
    ['elements', `<r>${'<a/>'.repeat(500_000)}</r>`, 'tags and entities'],
    ['ampersands', `<r>${'&'.repeat(500_001)}</r>`, 'tags and entities'],
    ['entities', `<r>${'&#65;'.repeat(500_001)}</r>`, 'tags and entities'],
    ['CDATA sections', `<r>${'<![CDATA[]]>'.repeat(500_001)}</r>`, 'tags and entities'],
    ['attributes', `<r ${'a="b" '.repeat(12_000)}/>`, 'a tag of more than'],
    ['attributes without values', `<r a=">" ${'b '.repeat(33_000)}/>`, 'a tag of more than'],
    ['one attribute', `<r a="${'x'.repeat(70_000)}"/>`, 'a tag of more than'],
    ['one name', `<${'r'.repeat(70_000)}/>`, 'a tag of more than'],
  ])('with too many or too long %s is refused unparsed', (_what, document, why) => {
    expect(refused(document).message).toContain(why);
  });

  test('with ten thousand item files is read', () => {
    const url = `https://b.s3.amazonaws.com/o/in/x.csv?${'X-Amz-Parameter=0123456789&amp;'.repeat(7)}`;
    const child = (n: number) =>
      `<batchProcess><id>${n}</id><jobId>A_ITM_${n}</jobId><status>Success</status><operation>eBill-Import</operation><subOperation>Invoice Line Item</subOperation><successCount>1</successCount><successMessage>1 processed</successMessage><errorMessage></errorMessage><failCount>0</failCount><downloadUrl>${url}</downloadUrl></batchProcess>`;
    const children = Array.from({ length: 10_000 }, (_, n) => child(n)).join('');
    const batch = parseBatch(`<batchProcess><id>1</id><child>${children}</child></batchProcess>`);
    expect(batch.children).toHaveLength(10_000);
    expect(batch.children.at(-1)?.id).toBe('9999');
  });

  test('of 12 MB is refused unparsed', () => {
    expect(refused(`<a>${'x'.repeat(12_000_000)}</a>`).message).toContain('characters');
  });

  test.each([
    ['<![CDATA[', ''],
    ['<!--', ''],
    ['<?x ', ''],
    ['<![CDATA[]]>', ''],
    ['<!---->', ''],
    ['<a', ''],
    ['<', ''],
    ['</a', ''],
    ['&', '</r>'],
    ['&#', '</r>'],
    ['&amp', '</r>'],
    [']]>', '</r>'],
    [' ', 'x</r>'],
    ['\r', 'x</r>'],
    ['<a "', ''],
    ['<a b="', ''],
    ["<a b='>", ''],
    ['<!', ''],
    ['<!DOCTYP', ''],
  ])('with half a million characters of %j takes no minutes', (unit, end) => {
    const document = `<r>${unit.repeat(Math.ceil(500_000 / unit.length))}${end}`;
    try {
      parseXml(document);
    } catch (error) {
      if (!(error instanceof XmlError)) throw error;
      // The parser may quote the document, but not all of it.
      expect(error.message.length).toBeLessThan(300);
    }
  });

  test.each([
    ['<r', ' ', '=></r>'],
    ['<r b', ' ', '></r>'],
    ['<r b=', ' ', '"x"></r>'],
    ['<r b="', ' ', '"></r>'],
    ['<r/', ' ', '>'],
    ['<r></r', ' ', '>'],
    ['<?xml', ' ', '?><r/>'],
    ['<r ', "b='c' ", '></r>'],
  ])('with a tag %j … %j … %j takes no minutes', (start, unit, end) => {
    try {
      parseXml(start + unit.repeat(300_000) + end);
    } catch (error) {
      expect(error).toBeInstanceOf(XmlError);
    }
  });
});

describe('an error message', () => {
  test.each([
    '<a\u001b[31m></a\u001b[31m>',
    '<a></b\u001b]0;x\u0007>',
    `<a>\u009b</${'x\u0000'.repeat(9999)}>`,
  ])('never has control characters of the document (%#)', (document) => {
    let message = '';
    try {
      parseXml(document);
    } catch (error) {
      message = String(error);
    }
    expect(message).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    expect(message.length).toBeLessThan(300);
  });
});

describe('a document that contradicts itself', () => {
  test.each(['id', 'jobId', 'status', 'uploadUrl', 'failCount'])(
    'is an error with two different <%s>',
    (name) => {
      const document = `<batchProcess><${name}>1</${name}><id>1</id><${name}>2</${name}></batchProcess>`;
      expect(thrownBy(() => parseBatch(document))).toBeInstanceOf(XmlError);
      const within = `<batchProcess><id>1</id><child>${document}</child></batchProcess>`;
      expect(thrownBy(() => parseBatch(within))).toBeInstanceOf(XmlError);
    },
  );

  test('is fine when a repeated value is the same', () => {
    expect(parseBatch('<batchProcess><id>1</id><id>1</id></batchProcess>').id).toBe('1');
  });

  test('makes a changing call ambiguous', async () => {
    const { origin } = await rawServer((_heard, response) => {
      response.end('<batchProcess><id>1</id><id>2</id><status>Draft</status></batchProcess>');
    });
    const { client } = await rigFor(origin, { retries: 0 });
    expect(await client.finalize({ id: '1', jobId: null })).toMatchObject({ outcome: 'ambiguous' });
  });
});

describe('a NUL', () => {
  test('is refused wherever it is', () => {
    for (const document of [
      '<a>\0</a>',
      '<a \0="1"/>',
      '<a><!-- \0 --></a>',
      '<a><![CDATA[\0]]></a>',
      '\0<a/>',
    ])
      expect(refused(document).message).toContain('NUL');
  });

  test('written as an entity becomes a replacement character', () => {
    expect(parseXml('<a>1&#0;2&#x0;</a>').text).toBe('1\ufffd2\ufffd');
  });
});

describe('text that is not a document', () => {
  test.each([
    '',
    '   \n',
    'OK',
    '{"id": 1}',
    '<a/><b/>',
    'x<a/>',
    '<a/>x',
    '<a></b>',
    '<a',
    '<a b></a',
    '\u0000',
  ])('is refused: %j', (document) => {
    refused(document);
  });
});

describe('a response', () => {
  const sent = (bytes: Buffer, type = 'application/xml') =>
    rawServer((_heard, response) => {
      response.writeHead(200, { 'content-type': type });
      response.end(bytes);
    });
  const XML = '<batchProcess><id>1</id><jobId>Août 日😀</jobId></batchProcess>';
  const LATIN = '<batchProcess><id>1</id><jobId>Août</jobId></batchProcess>';

  test.each<[string, Buffer, string | undefined, string]>([
    ['UTF-8', Buffer.from(XML), undefined, 'Août 日😀'],
    ['UTF-8 with a BOM', Buffer.from(`\ufeff${XML}`), undefined, 'Août 日😀'],
    ['UTF-16LE', Buffer.from(`\ufeff${XML}`, 'utf16le'), undefined, 'Août 日😀'],
    ['UTF-16BE', Buffer.from(`\ufeff${XML}`, 'utf16le').swap16(), undefined, 'Août 日😀'],
    ['Latin-1 by the header', Buffer.from(LATIN, 'latin1'), 'text/xml; charset="ISO-8859-1"', 'Août'],
    [
      'Latin-1 by the declaration',
      Buffer.from(`<?xml version="1.0" encoding='iso-8859-1'?>${LATIN}`, 'latin1'),
      undefined,
      'Août',
    ],
    ['an unknown encoding', Buffer.from(XML), 'application/xml; charset=x-none', 'Août 日😀'],
    ['the wrong encoding', Buffer.from(LATIN, 'latin1'), undefined, 'Août'],
  ])('in %s is read', async (_name, bytes, type, jobId) => {
    const { origin } = await sent(bytes, type);
    const { client } = await rigFor(origin);
    expect(await client.status({ id: '1' })).toMatchObject({ id: '1', jobId });
  });

  test('that is too large counts as broken', async () => {
    const { origin } = await sent(Buffer.alloc(12 * 1024 * 1024, 'x'));
    const { client } = await rigFor(origin, { retries: 0 });
    expect(await rejection(client.status({ id: '1' }))).toMatchObject({ code: 'UNAVAILABLE' });
    expect(await client.init(INIT)).toMatchObject({ outcome: 'ambiguous' });
  });

  test('of fifty megabytes is not read to its end', async () => {
    let sent = 0;
    const { origin } = await rawServer((_heard, response) => {
      const block = Buffer.alloc(1024 * 1024, 'x');
      const more = (): void => {
        while (sent < 50 && !response.destroyed) {
          sent += 1;
          if (!response.write(block)) return void response.once('drain', more);
        }
        response.end();
      };
      more();
    });
    const { transport } = await rigFor(origin);
    const answer = await transport.send({ method: 'GET', url: `${origin}/`, headers: {} });
    expect(await rejection(readBody(answer))).toMatchObject({ kind: 'lost' });
    // Some more was sent into buffers before it broke off.
    expect(sent).toBeLessThan(40);
  });

  test('may have exactly the limit', async () => {
    const { origin } = await sent(Buffer.alloc(1000, 'x'));
    const { transport } = await rigFor(origin);
    const get = () => transport.send({ method: 'GET', url: `${origin}/`, headers: {} });
    expect(await readBody(await get(), 1000)).toHaveLength(1000);
    expect(await rejection(readBody(await get(), 999))).toMatchObject({ kind: 'lost' });
  });
});
