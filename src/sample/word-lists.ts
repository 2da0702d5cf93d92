/** Names and places of the sample data. They cover several scripts and every character that CSV has to quote. */

export interface Country {
  readonly code: string;
  readonly currency: string;
  readonly postal: (digits: string) => string;
  readonly cities: readonly string[];
  readonly streets: readonly string[];
  readonly first: readonly string[];
  readonly last: readonly string[];
}

export const COUNTRIES: readonly Country[] = [
  {
    code: 'US',
    currency: 'USD',
    postal: (d) => d,
    cities: ['Springfield', 'Portland', 'Winston-Salem', "Coeur d'Alene"],
    streets: ['Main Street', 'Oak Avenue, Suite 4', 'Route 66', 'Elm Street\nBuilding "C"'],
    first: ['Ann', 'William "Bill"', 'Maria', 'Jo'],
    last: ["O'Brien", 'Smith, Jr.', 'Nguyen', 'Johnson'],
  },
  {
    code: 'DE',
    currency: 'EUR',
    postal: (d) => d,
    cities: ['Köln', 'München', 'Görlitz', 'Berlin'],
    streets: ['Hauptstraße', 'Am Alten Markt', 'Königsallee, Hinterhaus', 'Gänsemarkt'],
    first: ['Jürgen', 'Käthe', 'Sören', 'Anna'],
    last: ['Müller', 'Weiß', 'von der Heide', 'Schröder'],
  },
  {
    code: 'FR',
    currency: 'EUR',
    postal: (d) => d,
    cities: ['Orléans', 'Besançon', 'Saint-Étienne', 'Paris'],
    streets: ["rue de l'Église", 'avenue Émile Zola, bât. B', 'quai de la Rapée'],
    first: ['François', 'Zoë', 'Hélène', 'Loïc'],
    last: ['Lefèvre', "D'Arc", 'Garçon', 'Noël'],
  },
  {
    code: 'PL',
    currency: 'PLN',
    postal: (d) => `${d.slice(0, 2)}-${d.slice(2)}`,
    cities: ['Łódź', 'Kraków', 'Gdańsk'],
    streets: ['ul. Piękna', 'al. Jana Pawła II', 'ul. Żółta, m. 7'],
    first: ['Łukasz', 'Małgorzata', 'Żaneta'],
    last: ['Wójcik', 'Kowalski', 'Dąbrowska'],
  },
  {
    code: 'JP',
    currency: 'USD',
    postal: (d) => `${d.slice(0, 3)}-${d.slice(3)}00`,
    cities: ['東京', '大阪', '京都'],
    streets: ['中央通り', '桜町', 'さくら通り'],
    first: ['さくら', '健', 'ミカ'],
    last: ['山田', '佐藤', '高橋'],
  },
  {
    code: 'GR',
    currency: 'EUR',
    postal: (d) => `${d.slice(0, 3)} ${d.slice(3)}`,
    cities: ['Αθήνα', 'Θεσσαλονίκη'],
    streets: ['Οδός Ερμού', 'Λεωφόρος Αλεξάνδρας'],
    first: ['Γιώργος', 'Ελένη'],
    last: ['Παπαδόπουλος', 'Γεωργίου'],
  },
  {
    code: 'UA',
    currency: 'UAH',
    postal: (d) => d,
    cities: ['Київ', 'Львів', 'Одеса'],
    streets: ['вул. Хрещатик', 'вул. Лесі Українки, кв. 3'],
    first: ['Олена', 'Тарас', "Дар'я"],
    last: ['Шевченко', 'Коваль'],
  },
  {
    code: 'IL',
    currency: 'ILS',
    postal: (d) => `${d}00`,
    cities: ['תל אביב', 'חיפה'],
    streets: ['רחוב הרצל', 'דרך יפו'],
    first: ['נועה', 'דוד'],
    last: ['כהן', 'לוי'],
  },
];

/** A company name is a last name and one of these. */
export const FIRMS: readonly string[] = [
  '& Sons, Ltd.',
  'GmbH & Co. KG',
  '"Express" Inc.',
  'S.A.',
  'Cooperative',
];

/** Products, with their usual price in cents. */
export const PRODUCTS: readonly { readonly name: string; readonly price: number }[] = [
  { name: 'Basic plan', price: 999 },
  { name: 'Fiber 100 Mbit/s, monthly fee', price: 2990 },
  { name: 'Fiber 1 Gbit/s, monthly fee', price: 4990 },
  { name: 'Mobile data 5 GB', price: 750 },
  { name: 'Router "X1", rental', price: 399 },
  { name: 'Set-up and delivery', price: 4900 },
  { name: 'Static IPv4 address', price: 250 },
  { name: 'Calls to mobile networks, minutes', price: 9 },
  { name: 'International calls, zone 2, minutes', price: 29 },
  { name: 'Technician, hours', price: 6500 },
  { name: 'Gebühr für Rufnummernmitnahme', price: 695 },
  { name: 'Café Wi-Fi – événement', price: 1250 },
];
