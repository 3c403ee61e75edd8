// The rows of a CSV file, each as the text it is: a quoted cell may go over several lines.

/** The records of a file, the header first, empty lines left out. */
export function cut(text) {
  const records = [];
  let record = "";
  for (const line of text.replace(/^\uFEFF/, "").split(/\r?\n/)) {
    record = record === "" ? line : `${record}\n${line}`;
    if ((record.split('"').length - 1) % 2 === 1) continue; // inside of quotes
    if (record.trim() !== "") records.push(record);
    record = "";
  }
  if (record.trim() !== "") records.push(record);
  return records;
}
