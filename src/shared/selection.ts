import { type GraphQLResolveInfo, Kind, type SelectionSetNode } from 'graphql';

/**
 * Whether a field's selection reaches a field by one of these paths, through fragments too. `@skip` and `@include`
 * are not looked at: what they leave out counts as selected.
 * @param paths names of fields from below the resolved one, such as `edges.node.user`
 */
export function selects(info: GraphQLResolveInfo, ...paths: string[]): boolean {
  return paths.some((path) => {
    const looked = new Set<string>();
    return info.fieldNodes.some((field) => reaches(info, field.selectionSet, path.split('.'), looked));
  });
}

/** @param looked the fragments that have been followed, each with what was looked for in it: fragments can spread each other many times */
function reaches(
  info: GraphQLResolveInfo,
  selection: SelectionSetNode | undefined,
  path: string[],
  looked: Set<string>,
): boolean {
  const [name, ...rest] = path;
  if (name === undefined) {
    return true;
  }
  return (selection?.selections ?? []).some((node) => {
    if (node.kind === Kind.FIELD) {
      return node.name.value === name && reaches(info, node.selectionSet, rest, looked);
    }
    if (node.kind === Kind.INLINE_FRAGMENT) {
      return reaches(info, node.selectionSet, path, looked);
    }
    const key = `${node.name.value} ${path.length}`;
    if (looked.has(key)) {
      return false;
    }
    looked.add(key);
    return reaches(info, info.fragments[node.name.value]?.selectionSet, path, looked);
  });
}
