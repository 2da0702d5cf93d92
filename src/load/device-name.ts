/**
 * Is this file name one that Windows keeps for a device? It does whatever follows a dot or spaces, in any case of letters, and
 * takes superscript digits for digits. A folder of such a name cannot be made there either.
 */
export const isDeviceName = (name: string): boolean =>
  /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[\d¹²³])(?: *\.| *$)/i.test(name);
