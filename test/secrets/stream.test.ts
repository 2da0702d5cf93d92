import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { shippedFiles } from '../../src/build/shipped.ts';
import { Redactor, redactedStream } from '../../src/redact/redactor.ts';
import { Sink } from '../helpers/context.ts';
import { GRAPHEME } from '../helpers/unicode.ts';

const TOKEN = 'tok-c4n4ry/+=&<zü>-9f8e7d';

function gate(secrets: readonly string[] = [TOKEN], tty = false) {
  const redactor = new Redactor();
  for (const secret of secrets) redactor.add(secret);
  const sink = new Sink(tty, 80);
  return { sink, redactor, ...redactedStream(sink, redactor, () => !redactor.showsUrls) };
}

describe('a stream behind the redactor', () => {
  it('hides a secret however the pieces are cut', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(TOKEN, encodeURIComponent(TOKEN), JSON.stringify(TOKEN).slice(1, -1)),
        fc.array(fc.nat({ max: 60 }), { maxLength: 5 }),
        fc.boolean(),
        (form, cuts, asBytes) => {
          const { stream, sink, flush } = gate();
          const text = `before ${form} after\n`;
          const whole = asBytes ? Buffer.from(text) : text;
          const edges = [0, ...[...cuts].sort((a, b) => a - b), whole.length];
          edges.slice(1).forEach((edge, i) => {
            stream.write(asBytes ? (whole as Buffer).subarray(edges[i], edge) : text.slice(edges[i], edge));
          });
          flush();
          expect(sink.text).toBe('before *** after\n');
        },
      ),
    );
  });

  it('lets all else through as it was, and holds nothing back at the end', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: GRAPHEME })), (texts) => {
        const { stream, sink, flush } = gate();
        for (const text of texts) stream.write(text);
        flush();
        // Half a surrogate pair is no text a stream could carry.
        expect(sink.text).toBe(Buffer.from(texts.join('')).toString());
      }),
    );
  });

  it('a beginning that is none gets out with the next piece, or by itself on a terminal', () => {
    vi.useFakeTimers();
    try {
      const pipe = gate();
      pipe.stream.write('x tok-c4');
      expect(pipe.sink.text).toBe('x ');
      pipe.stream.write(' y');
      expect(pipe.sink.text).toBe('x tok-c4 y');
      const terminal = gate([TOKEN], true);
      terminal.stream.write('Name: t');
      expect(terminal.sink.text).toBe('Name: ');
      vi.advanceTimersByTime(60);
      expect(terminal.sink.text).toBe('Name: t');
    } finally {
      vi.useRealTimers();
    }
  });

  it('hides the signatures of known URLs; --show-urls lets URLs pass, and nothing else', () => {
    const url = `https://b.example/o?X-Amz-Date=20210921T071553Z&X-Amz-Signature=${'0123abcdef'.repeat(4)}`;
    const { stream, sink, redactor } = gate();
    redactor.addSigned(url);
    stream.write(`${url}\n`);
    expect(sink.text).not.toMatch(/0123abcdef/);
    sink.text = '';
    redactor.showsUrls = true;
    stream.write(`${url} ${TOKEN}\n`);
    expect(sink.text).toContain(url);
    expect(sink.text).not.toMatch(/c4n4ry/);
  });

  it('leaves words and numbers alone that are somebody’s weak secret: the JSON around them must stand', () => {
    const { stream, sink } = gate(['2020', '12345678', 'null', 'phase']);
    const json = '{ "phase": null, "count": 2020, "bytes": 12345678 }\n';
    stream.write(json);
    expect(sink.text).toBe(json);
  });

  it('leaves every page of help as it is', async () => {
    const pages = await shippedFiles('0.0.0');
    expect(pages.size).toBeGreaterThan(25);
    for (const [name, text] of pages) expect(new Redactor().sweep(text), name).toBe(text);
  });

  it('is the stream in all else', async () => {
    const { stream, sink } = gate([], true);
    expect([stream.isTTY, stream.columns]).toEqual([true, 80]);
    sink.columns = 120;
    expect(stream.columns).toBe(120);
    await new Promise<void>((done) => stream.write('x', () => done()));
    expect(sink.text).toBe('x');
  });
});
