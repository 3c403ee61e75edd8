// What this till sells: a few things to try it with. A real till has its own; sku, category, amount and tax go out.

export const ITEMS = [
  {
    sku: "beans-200",
    jan: "4900000000016",
    category: "coffee",
    unit: 1_200,
    rate: 800,
    name: { ja: "コーヒー豆 200g", en: "Coffee beans 200 g" },
  },
  {
    sku: "sencha-80",
    jan: "4900000000023",
    category: "tea",
    unit: 980,
    rate: 800,
    name: { ja: "煎茶 80g", en: "Sencha 80 g" },
  },
  {
    sku: "daifuku-2",
    jan: "4900000000030",
    category: "sweets",
    unit: 360,
    rate: 800,
    name: { ja: "大福 2個", en: "Two daifuku" },
  },
  {
    sku: "cup",
    jan: "4900000000047",
    category: "goods",
    unit: 2_400,
    rate: 1_000,
    name: { ja: "湯のみ", en: "Tea cup" },
  },
  {
    sku: "furoshiki",
    jan: "4900000000054",
    category: "goods",
    unit: 1_980,
    rate: 1_000,
    name: { ja: "風呂敷", en: "Furoshiki" },
  },
  {
    sku: "bag",
    jan: "4900000000061",
    category: "goods",
    unit: 5,
    rate: 1_000,
    name: { ja: "レジ袋", en: "Carrier bag" },
  },
];
