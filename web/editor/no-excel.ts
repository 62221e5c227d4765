/** Workbooks are no way in for policies: rules come by the canvas, the clauses, or the interface. */
export class Workbook {
  constructor() {
    throw new Error("no workbooks");
  }
}
export default { Workbook };
