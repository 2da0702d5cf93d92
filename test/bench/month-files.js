import { open } from 'node:fs/promises';
import { join } from 'node:path';

const CUSTOMERS = 'Account Number,Name,City\n';
const INVOICES = 'Invoice Number,Account Number,Date,Due,Currency,Amount\n';
const ITEMS = 'Invoice Number,Line,Description,Quantity,Unit Price,Amount\n';
const TEXTS = [
  'Broadband access for the month',
  '"Mobile line, with data"',
  '"Fiber ""fast"", 100"',
  '"Set-up\nand delivery"',
  'Dépôt für Gerät',
];

/** Three files that agree with each other, the item file of about `size` bytes, once more in no order. Same size, same bytes. */
export async function writeMonth(folder, size) {
  const paths = {
    customer: join(folder, 'cus.csv'),
    invoice: join(folder, 'inv.csv'),
    items: join(folder, 'itm.csv'),
    shuffled: join(folder, 'itm-shuffled.csv'),
  };
  const [cus, inv, itm, any] = await Promise.all(Object.values(paths).map((path) => writer(path)));
  const random = randomFrom(1);
  const place = randomFrom(2);
  const counts = { customers: 0, invoices: 0, items: 0 };
  await cus.write(CUSTOMERS);
  await inv.write(INVOICES);
  await itm.write(ITEMS);
  await any.write(ITEMS);
  // Each of these items changes places with one of the last ten thousand written.
  const waiting = [];
  while (itm.bytes < size) {
    const account = String(1007 + (counts.invoices >> 1) * 37).padStart(10, '0');
    if (counts.invoices % 2 === 0) {
      counts.customers += 1;
      await cus.write(`${account},"Smith, Jo ${counts.customers}",Berlin\n`);
    }
    counts.invoices += 1;
    const number = `INV-202008-${String(counts.invoices).padStart(7, '0')}`;
    let total = 0;
    for (let line = 1 + random(4); line > 0; line--) {
      const price = 100 + random(9000);
      total += price;
      counts.items += 1;
      const item = `${number},${line},${TEXTS[random(TEXTS.length)]},1,${money(price)},${money(price)}\n`;
      await itm.write(item);
      const at = place(10_000);
      await any.write(waiting[at] ?? '');
      waiting[at] = item;
    }
    await inv.write(`${number},${account},2020-08-11,2020-08-30,EUR,${money(total)}\n`);
  }
  for (const item of waiting) await any.write(item ?? '');
  for (const file of [cus, inv, itm, any]) await file.end();
  return { ...paths, counts };
}

const randomFrom = (first) => {
  let seed = first;
  return (below) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 4294967296) * below);
  };
};

const money = (cents) => `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;

async function writer(path) {
  const handle = await open(path, 'wx');
  let gathered = '';
  return {
    bytes: 0,
    async write(text) {
      gathered += text;
      this.bytes += text.length;
      if (gathered.length < 1 << 20) return;
      const full = gathered;
      gathered = '';
      await handle.writeFile(full);
    },
    async end() {
      await handle.writeFile(gathered);
      await handle.close();
    },
  };
}
