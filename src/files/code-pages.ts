/** An encoding that a file may have when it is not UTF-8. */
export interface CodePage {
  readonly name: string;
  /** What `iconv -f` calls it. */
  readonly iconv: string;
  /** The letters beyond ASCII of each language that is written in it, in lower case. */
  readonly alphabets: readonly string[];
}

/** One byte is one character: ASCII, and these for 0x80 to 0xFF. */
interface SingleBytePage extends CodePage {
  readonly upper: string;
}

const WESTERN = [
  'äöüß',
  'àâæçèéêëîïôœùûü',
  'áéíñóúü',
  'àáâãçéêíóôõú',
  'àèéìòù',
  'åäöæøé',
  'áðéíóúýþæö',
  'éëïóöü',
];
const CENTRAL = [
  'áčďéěíňóřšťúůýž',
  'áäčďéíĺľňóôŕšťúýž',
  'ąćęłńóśźż',
  'áéíóöőúüű',
  'čćđšž',
  'ăâîşţșț',
  'äöüß',
];
const CYRILLIC = [
  'абвгдежзийклмнопрстуфхцчшщъыьэюяё',
  'абвгґдеєжзиіїйклмнопрстуфхцчшщьюя',
  'абвгдђежзијклљмнњопрстћуфхцчџш',
];

// `TextDecoder` lacks two of these pages, and decodes 0x80 to 0x9F of Windows-1252 differently in some versions of Node.
export const SINGLE_BYTE: readonly SingleBytePage[] = [
  {
    name: 'Windows-1252',
    iconv: 'WINDOWS-1252',
    alphabets: WESTERN,
    upper:
      '€\ufffd‚ƒ„…†‡ˆ‰Š‹Œ\ufffdŽ\ufffd\ufffd‘’“”•–—˜™š›œ\ufffdžŸ\u00a0¡¢£¤¥¦§¨©ª«¬\u00ad®¯°±²³´µ¶·¸¹º»¼½¾¿' +
      'ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ',
  },
  {
    name: 'Windows-1250',
    iconv: 'WINDOWS-1250',
    alphabets: CENTRAL,
    upper:
      '€\ufffd‚\ufffd„…†‡\ufffd‰Š‹ŚŤŽŹ\ufffd‘’“”•–—\ufffd™š›śťžź\u00a0ˇ˘Ł¤Ą¦§¨©Ş«¬\u00ad®Ż°±˛ł´µ¶·¸ąş»Ľ˝ľż' +
      'ŔÁÂĂÄĹĆÇČÉĘËĚÍÎĎĐŃŇÓÔŐÖ×ŘŮÚŰÜÝŢßŕáâăäĺćçčéęëěíîďđńňóôőö÷řůúűüýţ˙',
  },
  {
    name: 'Windows-1251',
    iconv: 'WINDOWS-1251',
    alphabets: CYRILLIC,
    upper:
      'ЂЃ‚ѓ„…†‡€‰Љ‹ЊЌЋЏђ‘’“”•–—\ufffd™љ›њќћџ\u00a0ЎўЈ¤Ґ¦§Ё©Є«¬\u00ad®Ї°±Ііґµ¶·ё№є»јЅѕї' +
      'АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмнопрстуфхцчшщъыьэюя',
  },
  {
    name: 'Mac Roman',
    iconv: 'MACINTOSH',
    alphabets: WESTERN,
    upper:
      'ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü†°¢£§•¶ß®©™´¨≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩæø' +
      '¿¡¬√ƒ≈∆«»…\u00a0ÀÃÕŒœ–—“”‘’÷◊ÿŸ⁄€‹›ﬁﬂ‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔ\uf8ffÒÚÛÙıˆ˜¯˘˙˚¸˝˛ˇ',
  },
  {
    name: 'CP850',
    iconv: 'CP850',
    alphabets: WESTERN,
    upper:
      'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐' +
      '└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u00ad±‗¾¶§÷¸°¨·¹³²■\u00a0',
  },
  {
    name: 'CP437',
    iconv: 'CP437',
    alphabets: WESTERN,
    upper:
      'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐' +
      '└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0',
  },
];

const GBK: CodePage = { name: 'GBK', iconv: 'GBK', alphabets: [] };

/** A page with what it makes of the sampled words. */
export interface Candidate {
  /** One page, or several that read all words alike, the most common first. */
  readonly pages: readonly CodePage[];
  /** The words decoded. */
  readonly words: readonly string[];
  /** 0 to 1. */
  readonly plausibility: number;
}

/** Below this a page makes no words. */
const LEAST_PLAUSIBILITY = 0.5;

/**
 * The encodings that words may have, the most plausible first; empty when none makes words of them. A word is plausible
 * when its letters are those of one language, in a usual case.
 */
export function candidates(words: readonly Uint8Array[]): Candidate[] {
  const found: Candidate[] = [];
  for (const page of SINGLE_BYTE) {
    const decoded = words.map((word) => decodeSingle(page, word));
    found.push({ pages: [page], words: decoded, plausibility: plausibility(page, decoded) });
  }
  const chinese = words.map(decodeGbk);
  found.push({ pages: [GBK], words: chinese, plausibility: average(words.map(commonHanzi)) });
  const plausible = found.filter((one) => one.plausibility >= LEAST_PLAUSIBILITY);
  // A stable sort: of pages that are alike, the more common is first.
  plausible.sort((a, b) => b.plausibility - a.plausibility);
  return withoutTwins(plausible).filter(
    (one, _, [best]) => one.plausibility >= 0.75 * (best?.plausibility ?? 0),
  );
}

function withoutTwins(found: readonly Candidate[]): Candidate[] {
  const byWords = new Map<string, Candidate>();
  for (const one of found) {
    const key = one.words.join('\n');
    const same = byWords.get(key);
    byWords.set(key, same === undefined ? one : { ...same, pages: [...same.pages, ...one.pages] });
  }
  return [...byWords.values()];
}

export const decodeSingle = ({ upper }: SingleBytePage, word: Uint8Array): string =>
  Array.from(word, (byte) => (byte < 0x80 ? String.fromCharCode(byte) : (upper[byte - 0x80] ?? ''))).join('');

function decodeGbk(word: Uint8Array): string {
  try {
    return new TextDecoder('gbk').decode(word);
  } catch {
    // A Node without its own ICU data.
    return '\ufffd'.repeat(word.length);
  }
}

const average = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;

/** The part of a word's letters beyond ASCII that are plausible, in the language that fits all words best. */
function plausibility({ alphabets }: CodePage, words: readonly string[]): number {
  return Math.max(
    ...alphabets.map((letters) => average(words.map((word) => fitting(word, new Set(letters))))),
  );
}

/** Signs that occur at the edge of a word, or between digits. */
const SIGN = /[€£§°©®™«»¿¡·–—…“”„‘’‚\u00a0ªº²³½¼]/u;

function fitting(word: string, letters: ReadonlySet<string>): number {
  const characters = [...word];
  let all = 0;
  let good = 0;
  // No word mixes the scripts.
  if (/[A-Za-z]/u.test(word) && /\p{Script=Cyrillic}/u.test(word)) return 0;
  for (const [i, character] of characters.entries()) {
    if (character <= '\u007f') continue;
    all += 1;
    const before = characters[i - 1] ?? '';
    const after = characters[i + 1] ?? '';
    const lower = character.toLowerCase();
    if (SIGN.test(character)) {
      // Within a word only an apostrophe is usual.
      const inside = /\p{L}/u.test(before) && /\p{L}/u.test(after);
      if (!inside) good += 0.5;
      else if (character === '’') good += 1;
    } else if (letters.has(lower) && (character === lower || !/\p{Ll}/u.test(before))) good += 1;
  }
  return all === 0 ? 0 : good / all;
}

/** The part of a word's bytes beyond ASCII that are common Chinese characters (the first level of GB 2312). */
function commonHanzi(word: Uint8Array): number {
  let all = 0;
  let common = 0;
  for (let i = 0; i < word.length; i++) {
    const byte = word[i] as number;
    if (byte < 0x80) continue;
    all += 1;
    const next = word[i + 1] ?? 0;
    if (byte < 0x81 || next < 0x40) continue;
    if (byte >= 0xb0 && byte <= 0xd7 && next >= 0xa1) common += 1;
    i += 1;
  }
  return all === 0 ? 0 : common / all;
}
