import type { RoleName } from './columns.ts';
import type { FileKind } from './types.ts';

/**
 * The columns of the upload pages of the vendor's web interface. Source: the vendor's public manual, "Upload new
 * customers", "Upload outstanding and paid invoices" and "Usage activity upload". The files of the batch API may differ, so
 * that these names only help to recognise columns; no file is refused for others.
 */
export const PUBLISHED_COLUMNS: Readonly<Record<FileKind, readonly string[]>> = {
  customer: [
    ...['First Name', 'Last Name', 'Company Name', 'Account Number', 'Primary Email', 'Login', 'Password'],
    ...['Street', 'Suite/Dept', 'City', 'State / Province', 'Zip / Postal Code', 'Country', 'Country Code'],
    ...['Primary Phone', 'Cell Phone', 'Outstanding Balance', 'Previous Balance', 'Current Balance'],
    ...['Last Payment Amount', 'Last Payment Date', 'Last Invoice Amount', 'Last Invoiced Date'],
    ...['Lifetime Payments', 'Lifetime Value'],
  ],
  invoice: [
    ...['Invoice Number', 'Customer Id', 'Customer Ref', 'Invoice Date', 'Due Date', 'Status'],
    ...['Previous Balance', 'Current Amount Due', 'Payments And Adjustments', 'Billing StartDate'],
    ...['Billing EndDate', 'Note', 'SubscriptionOrderId1', 'ContractCode1', 'Position1', 'PriceCode1'],
    ...['Invoice Text1', 'Accounting Code1'],
  ],
  items: [
    ...['Cust ID', 'Customer Ref', 'Order ID', 'Order Number', 'Price Code', 'External ID', 'Charge Date'],
    ...['Charge End Date', 'Invoice Text', 'Unit Price', 'Quantity', 'Amount', 'CustomString1'],
  ],
};

/** What the manual marks as required; only these are expected to have values. */
const REQUIRED = new Set(
  [
    ...['First Name', 'Last Name', 'Account Number', 'Primary Email', 'Login', 'Password'],
    ...['Outstanding Balance', 'Previous Balance', 'Current Balance', 'Last Payment Amount'],
    ...['Last Payment Date', 'Last Invoice Amount', 'Last Invoiced Date', 'Lifetime Payments'],
    ...['Lifetime Value', 'Invoice Number', 'Customer Ref', 'Invoice Date', 'Due Date', 'Status'],
    ...['Billing StartDate', 'Billing EndDate', 'Order Number', 'Price Code', 'Charge Date'],
    ...['Charge End Date', 'Unit Price', 'Quantity', 'Amount'],
  ].map(comparable),
);

/** The groups at the end of the published layouts, whose names the manual does not list one by one. */
const PAYMENT_NAME = /payment|token|creditcard|cardnumber|cardtype|expir|bankaccount|routing|iban/;

/** A name without what people write differently: case, spaces, punctuation, and `No.`, `Nr` or `#` for `Number`. */
export function comparable(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^\p{L}\p{N}#]/gu, '')
    .replace(
      /(?<=acc(?:oun|)t|cust(?:omer)?|client|inv(?:oice)?|bill|document|order|line|item)(?:no|nr|num|#)$/u,
      'number',
    );
}

const DIGITS_AT_END = /\d+$/;
const ofPublished = new Set(
  Object.values(PUBLISHED_COLUMNS).flatMap((names) =>
    names.map((name) => comparable(name).replace(DIGITS_AT_END, '')),
  ),
);

/** True for a column of the published layouts that a file may leave empty: `Note`, `PriceCode3`, `Payment Method`. */
export function isOptionalColumn(name: string): boolean {
  const text = comparable(name);
  if (REQUIRED.has(text)) return false;
  return ofPublished.has(text.replace(DIGITS_AT_END, '')) || PAYMENT_NAME.test(text);
}

const numbers = (whats: readonly string[]): readonly string[] =>
  whats.flatMap((what) => ['number', 'ref', 'reference', 'id', 'key', 'code'].map((end) => what + end));

const CUSTOMER_KEYS = [
  // The manual calls the business key of a customer by these two names.
  ...['accountnumber', 'customerref', 'extcustomerref', 'externalcustomerref'],
  ...numbers(['account', 'customer', 'cust', 'acct', 'client']),
  ...['kundennummer', 'kundennr', 'kdnr', 'debitornummer', 'debitor', 'account', 'customer', 'client'],
];
const INVOICE_KEYS = [
  ...numbers(['invoice', 'inv', 'bill']),
  ...['invoice', 'documentnumber', 'rechnungsnummer', 'rechnungsnr', 'rechnungnummer', 'rechnungnr'],
];
const ITEM_KEYS = [...numbers(['item', 'lineitem']), 'lineid'];

/** Usual names of the columns with each role, the likeliest first, as `comparable` writes them. */
const ROLE_COLUMNS: Readonly<Record<RoleName, readonly string[]>> = {
  'customer.key': CUSTOMER_KEYS,
  'invoice.key': INVOICE_KEYS,
  'invoice.customer': CUSTOMER_KEYS,
  'invoice.amount': [
    'currentamountdue',
    ...['amount', 'invoiceamount', 'totalamount', 'grossamount', 'amountdue', 'totalamountdue'],
    ...['invoiceamountdue', 'total', 'invoicetotal', 'grosstotal', 'grandtotal', 'totaldue', 'amounttotal'],
    ...['betrag', 'gesamtbetrag', 'bruttobetrag', 'rechnungsbetrag', 'summe'],
  ],
  'items.invoice': INVOICE_KEYS,
  'items.amount': [
    ...['amount', 'lineamount', 'itemamount', 'totalamount', 'total', 'linetotal', 'itemtotal'],
    ...['extendedamount', 'extendedprice', 'betrag', 'gesamtbetrag', 'summe'],
  ],
};

/** How likely a column with this name has the role: 0 for the likeliest, -1 for none. */
export const roleRank = (role: RoleName, name: string): number =>
  ROLE_COLUMNS[role].indexOf(comparable(name));

const KEYS = { customer: CUSTOMER_KEYS, invoice: INVOICE_KEYS, items: ITEM_KEYS };

/** The index of the column whose name is the likeliest for the key of a record; -1 when there is none. */
export function usualKeyColumn(kind: FileKind, header: readonly string[]): number {
  const names = header.map(comparable);
  const [likeliest] = KEYS[kind].filter((name) => names.includes(name));
  return likeliest === undefined ? -1 : names.indexOf(likeliest);
}

/** Names that only one kind of file has, as `comparable` writes them. */
const KIND_COLUMNS: Readonly<Record<FileKind, ReadonlySet<string>>> = {
  customer: new Set([
    ...['firstname', 'lastname', 'name', 'fullname', 'companyname', 'company', 'customername', 'accountname'],
    ...['primaryemail', 'email', 'emailaddress', 'login', 'street', 'address', 'address1', 'city', 'zip'],
    ...[
      'zippostalcode',
      'zipcode',
      'postalcode',
      'postcode',
      'country',
      'primaryphone',
      'phone',
      'cellphone',
    ],
    ...['outstandingbalance', 'lifetimevalue', 'ort', 'plz', 'vorname', 'nachname', 'firma', 'telefon'],
  ]),
  invoice: new Set([
    ...['invoicedate', 'duedate', 'due', 'currentamountdue', 'amountdue', 'paymentsandadjustments'],
    ...['billingstartdate', 'billingenddate', 'invoicetotal', 'invoiceamount', 'totaldue', 'terms'],
    ...['rechnungsdatum', 'fälligkeit', 'fälligkeitsdatum', 'rechnungsbetrag'],
  ]),
  items: new Set([
    ...['line', 'linenumber', 'lineitem', 'lineamount', 'linetotal', 'item', ...ITEM_KEYS],
    ...['itemamount', 'quantity', 'qty', 'unitprice', 'pricecode'],
    ...['chargedate', 'chargeenddate', 'menge', 'einzelpreis', 'position'],
  ]),
};

/** The names of a header that only files of this kind have. */
export const columnsOfKind = (kind: FileKind, header: readonly string[]): readonly string[] =>
  header.filter((name) => KIND_COLUMNS[kind].has(comparable(name)));
