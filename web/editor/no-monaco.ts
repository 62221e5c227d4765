/** What the editor names of `monaco-editor`. */
export const MarkerSeverity = { Hint: 1, Info: 2, Warning: 4, Error: 8 };
