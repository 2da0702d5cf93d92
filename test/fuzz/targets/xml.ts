import { readFileSync } from 'node:fs';
import { errorMessageFrom, s3Error } from '../../../src/api/error-message.ts';
import { parseBatch } from '../../../src/api/response.ts';
import { XmlError } from '../../../src/api/xml.ts';
import { Redactor } from '../../../src/redact/redactor.ts';
import { expectIntactPrototype, hold, RAW, type Target } from '../target.ts';

const golden = (name: string): string =>
  readFileSync(new URL(`../../golden/${name}.xml`, import.meta.url), 'utf8');

const redactor = new Redactor();

/** Answers of the server and of the storage, whatever they are. */
export const target: Target = {
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
  run(bytes) {
    const text = bytes.toString('utf8');
    try {
      const batch = parseBatch(text);
      hold(batch.id === null || batch.id.trim() === batch.id, 'an id has no blanks around it');
      hold(batch.failCount === null || Number.isSafeInteger(batch.failCount), 'a count is an integer');
    } catch (error) {
      if (!(error instanceof XmlError)) throw error;
      hold(
        error.message.length < 300 && !RAW.test(error.message),
        'an error is short and has no control characters',
      );
    }
    const message = errorMessageFrom(redactor.clean(text));
    hold(
      message.length <= 300 && !RAW.test(message) && !message.includes('\n'),
      'a message is one short line',
    );
    const error = s3Error(redactor.clean(text));
    hold(
      error === null || !RAW.test(error.code + error.message),
      'a storage error has no control characters',
    );
    expectIntactPrototype();
  },
};
