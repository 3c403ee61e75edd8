// What a JSON Schema says, in the few words that fit into a table: types with their bounds, and fields within fields.

const DEEP = 6;

/** The schema that a reference leads to. */
export function followed(schema, schemas) {
  return schema.$ref === undefined ? schema : schemas[schema.$ref.split("/").at(-1)];
}

/** A type in one line: `integer 0 … 100`, `"ec" | "pos"`, `array of Line, 1 … 500`. */
export function kindOf(schema) {
  if (schema.$ref !== undefined) return schema.$ref.split("/").at(-1);
  const either = (schema.anyOf ?? schema.oneOf)?.filter((one) => one.type !== "null");
  if (either !== undefined) return [...new Set(either.map(kindOf))].join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((one) => JSON.stringify(one)).join(" | ");
  if (schema.type === "array") return `array of ${kindOf(schema.items ?? {})}${bounds(schema.minItems, schema.maxItems, ", ")}`;
  if (schema.type === "object" && schema.additionalProperties?.type) return `object of ${kindOf(schema.additionalProperties)}`;
  const form = schema.format === undefined ? "" : ` (${schema.format})`;
  const least = schema.minimum ?? schema.exclusiveMinimum;
  const most = schema.maximum ?? schema.exclusiveMaximum;
  const length = bounds(schema.minLength, schema.maxLength, ", length ");
  return `${schema.type ?? "any"}${form}${bounds(least, most, " ")}${length}`;
}

function bounds(least, most, before) {
  if (least === undefined && most === undefined) return "";
  return `${before}${least ?? ""} … ${most ?? ""}`;
}

/**
 * The fields of a schema, those within others indented below them: `{path, kind, isRequired, what, depth}`. A shape within itself
 * is told once.
 */
export function fieldsOf(schema, schemas, depth = 0, above = []) {
  const shape = followed(schema, schemas);
  const rows = [];
  for (const [name, field] of Object.entries(shape.properties ?? {})) {
    rows.push({
      name,
      depth,
      kind: kindOf(field),
      isRequired: (shape.required ?? []).includes(name),
      what: whatOf(field),
    });
    for (const inner of within(field)) {
      const target = inner.$ref ?? inner;
      if (depth < DEEP && !above.includes(target)) rows.push(...fieldsOf(inner, schemas, depth + 1, [...above, target]));
    }
  }
  return rows;
}

/** The shapes of objects inside a field: its own, its items', or those of its alternatives. */
function within(field) {
  const either = field.anyOf ?? field.oneOf;
  if (either !== undefined) return either.flatMap(within);
  if (field.type === "array") return within(field.items ?? {});
  if (field.type === "object" && field.additionalProperties?.$ref) return [field.additionalProperties];
  return field.$ref !== undefined || field.properties !== undefined ? [field] : [];
}

function whatOf(field) {
  const parts = [field.description];
  if (field.default !== undefined && field.default !== null) parts.push(`default ${JSON.stringify(field.default)}`);
  if (field.pattern !== undefined) parts.push(field.pattern);
  return parts.filter(Boolean).join(" · ");
}

/** Whether a shape is an object; arrays and plain values have no fields of their own. */
export function isShape(schema, schemas) {
  const shape = followed(schema, schemas);
  return shape.properties !== undefined && Object.keys(shape.properties).length > 0;
}
