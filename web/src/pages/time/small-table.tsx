import type { ReactNode } from "react";

/** A column of a small table. */
export interface Cell<Row> {
  key: string;
  title: string;
  render: (row: Row) => ReactNode;
  isNumber?: boolean;
}

interface Props<Row> {
  caption: string;
  cells: readonly Cell<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  empty: string;
}

/** A few rows in a card; a narrow window scrolls them sideways. */
export function SmallTable<Row>({ caption, cells, rows, keyOf, empty }: Props<Row>) {
  if (rows.length === 0) return <p className="note time-none">{empty}</p>;
  return (
    <section className="time-table" aria-label={caption} tabIndex={0}>
      <table>
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {cells.map((cell) => (
              <th key={cell.key} scope="col" className={cell.isNumber ? "num" : undefined}>
                {cell.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {cells.map((cell) => (
                <td key={cell.key} className={cell.isNumber ? "num" : undefined}>
                  {cell.render(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
