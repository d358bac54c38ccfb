/** Something to see: neither white space nor what renders as nothing, as format characters and the blank Braille cell do. */
const VISIBLE = /[^\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/u;

/** Controls, what begins another line, and what turns the direction of all that follows. */
const NOT_IN_A_LINE = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;

/** Whether a text has something to see, and no more than so many characters (code points). */
export function isText(text: string, most: number): boolean {
  // A character has one or two code units: most texts need no look at each.
  return VISIBLE.test(text) && (text.length <= most || Array.from(text).length <= most);
}

/** As `isText`, for what is shown in one line. */
export function isLine(text: string, most: number): boolean {
  return isText(text, most) && !NOT_IN_A_LINE.test(text);
}
