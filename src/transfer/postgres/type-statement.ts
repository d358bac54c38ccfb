import type { StringNode } from '../../migrate/single-commands.js';
import type { Named } from './requirements.js';

/** Those parts of statements about types that count here, by the kind of the statement. */
interface TypeNodes {
  CreateEnumStmt?: { typeName: StringNode[] };
  CreateDomainStmt?: { domainname: StringNode[] };
  CreateRangeStmt?: { typeName: StringNode[] };
  CompositeTypeStmt?: { typevar: { schemaname: string; relname: string } };
  /** On a type or domain; on one's constraint or column it is passed over. */
  CommentStmt?: { object: { TypeName?: { names: StringNode[] } } };
}

/** The type that a statement of pg_dump makes or comments on; undefined for other statements. */
export function typeOf(node: Record<string, unknown>): Named | undefined {
  const { CreateEnumStmt, CreateDomainStmt, CreateRangeStmt, CompositeTypeStmt, CommentStmt } = node as TypeNodes;
  if (CompositeTypeStmt !== undefined) {
    const { schemaname, relname } = CompositeTypeStmt.typevar;
    return { schema: schemaname, name: relname };
  }
  const [schema, name] =
    CreateEnumStmt?.typeName ??
    CreateDomainStmt?.domainname ??
    CreateRangeStmt?.typeName ??
    CommentStmt?.object.TypeName?.names ??
    [];
  return schema && name && { schema: schema.String.sval, name: name.String.sval };
}
